// Artefacts
