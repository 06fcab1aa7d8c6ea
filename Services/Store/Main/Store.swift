import ArgumentParser

@main struct StoreMain: ParsableCommand {}
