// TrainerServer: takes training jobs from the store, fine-tunes a sentence encoder on the reviewed
// records, fits a head on it, and publishes both as the next version of a model. Also evaluates
// published models. The core (Recipe, ContrastivePairs, BodyTraining, Training) does no I/O; the rest
// is the way in and out.
