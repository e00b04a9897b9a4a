import Devices
import Glibc
import Hardware
import Testing

/// What sound costs the host, in processor time of the thread that makes it. The figures are printed.
@Suite struct SoundCostTests {
  private func threadSeconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
  }

  @Test("All 36 operators sounding: over 30 times real time")
  func operators() {
    var chip = YMF262()
    chip.write(0x105, 1, at: 0)
    for array in [0, 0x100] {
      for n in 0..<22 {
        for (group, value) in [(0x20, 0xE1), (0x40, 0x18), (0x60, 0xF0), (0x80, 0x04), (0xE0, 0x04)] {
          chip.write(array + group + n, UInt8(value), at: 0)
        }
      }
      for n in 0..<9 {
        for (group, value) in [(0xC0, 0x3A), (0xA0, 0x41), (0xB0, 0x31)] {
          chip.write(array + group + n, UInt8(value), at: 0)
        }
      }
    }
    let samples = UnsafeMutablePointer<Int16>.allocate(capacity: 2 * 512)
    defer { samples.deallocate() }
    var best = Double.infinity
    for _ in 0..<3 {
      let start = threadSeconds()
      for _ in 0..<97 { chip.render(512, into: samples) }
      best = min(best, (threadSeconds() - start) / (97 * 512 / 49_716.0))
    }
    print("36 operators: \(1 / best) times real time")
    #expect((0..<1024).contains { abs(Int(samples[$0])) > 1000 })
    #expect(best < 1 / 30.0)
  }
}
