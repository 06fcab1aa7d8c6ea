// Labeller
