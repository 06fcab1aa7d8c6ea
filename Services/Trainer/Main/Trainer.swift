import ArgumentParser

@main struct TrainerMain: ParsableCommand {}
