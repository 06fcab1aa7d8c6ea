/// Adds to reports of progress how fast a phase goes and how long it has left. Belongs to the thread that
/// trains.
final class ProgressMeter {
  private let forward: (TrainingProgress) -> Void
  private let clock = ContinuousClock()
  private var phase: TrainingProgress.Phase?
  private var start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant
  private var texts = 0

  init(_ forward: @escaping (TrainingProgress) -> Void) {
    self.forward = forward
    start = clock.now
    last = start
  }

  func report(_ progress: TrainingProgress) {
    let now = clock.now
    if progress.phase != phase {
      // A phase begins where the last one ended.
      (phase, start, texts) = (progress.phase, last, 0)
    }
    last = now
    texts += progress.texts ?? 0
    var progress = progress
    let seconds = (now - start).seconds
    if texts > 0, seconds > 0 {
      progress.textsPerSecond = Double(texts) / seconds
    }
    if progress.done > 0, progress.total > progress.done {
      progress.secondsLeft =
        seconds / Double(progress.done) * Double(progress.total - progress.done)
    }
    forward(progress)
  }
}
