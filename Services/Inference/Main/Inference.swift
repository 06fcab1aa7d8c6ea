import ArgumentParser

@main struct InferenceMain: ParsableCommand {}
