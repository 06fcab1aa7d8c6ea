import ArgumentParser

@main struct LabellerMain: ParsableCommand {}
