import CoreMetrics
import Synchronization

/// A metrics back end that keeps what a scrape would ask for: sums, counts and histograms.
final class CollectingMetrics: MetricsFactory {
  func makeCounter(
    label: String, dimensions: [(String, String)]
  ) -> any CounterHandler { Sum() }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    NOOPMetricsHandler.instance
  }

  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler { Histogram() }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { Histogram() }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}

  private final class Sum: CounterHandler {
    private let sum = Atomic<Int64>(0)

    func increment(by amount: Int64) { sum.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { sum.store(0, ordering: .relaxed) }
  }

  private final class Histogram: RecorderHandler, TimerHandler {
    private struct Figures {
      var sum: Int64 = 0
      /// By the number of bits of the value.
      var counts = [Int](repeating: 0, count: 65)
    }

    private let figures = Mutex(Figures())

    func record(_ value: Int64) {
      figures.withLock {
        $0.sum &+= value
        $0.counts[64 - max(0, value).leadingZeroBitCount] += 1
      }
    }

    func record(_ value: Double) { record(Int64(value)) }
    func recordNanoseconds(_ duration: Int64) { record(duration) }
  }
}
