import Devices
import Glibc
import Hardware
import Testing

/// What drawing costs the host, in processor time of the thread that does it. The figures are printed.
@Suite struct VGACostTests {
  private func threadSeconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
  }

  /// Share of a processor that a second of the guest's pictures takes, with `change` before each.
  private func share(_ host: VGAHost, _ change: (VGAHost, Int) -> Void) -> Double {
    let start = threadSeconds()
    let end = host.backplane.scheduler.now + .seconds(1)
    var number = 0
    while host.backplane.scheduler.now < end {
      change(host, number)
      number += 1
      host.backplane.scheduler.advance(to: host.video.nextFrameTime(after: host.backplane.scheduler.now))
      _ = host.video.render()
    }
    return threadSeconds() - start
  }

  /// Every line of the next picture looks different.
  private func recolor(_ host: VGAHost, _ number: Int) {
    host.outb(0x3C8, 0)
    for shift in [0, 2, 4] { host.outb(0x3C9, UInt8(truncatingIfNeeded: number << shift & 63)) }
  }

  @Test("Mode 13h at 70 Hz, every dot new: under 5 % of a processor; unchanged: under 0.5 %")
  func mode13() throws {
    let host = try VGAHost(.graphics320x200x256)
    let busy = share(host, recolor)
    let idle = share(host) { _, _ in }
    print("drawing mode 13h: \(busy * 100) % of a processor, unchanged \(idle * 100) %")
    #expect(busy < 0.05)
    #expect(idle < 0.005)
  }

  @Test("1024x768 in 256 colours at 60 Hz, every dot new: under 10 % of a processor; unchanged: under 0.5 %")
  func large() throws {
    let host = try VGAHost(.graphics1024x768x256, card: .et4000)
    host.write(0x3C4, 7, 0xBC)
    #expect(abs(host.video.refreshRate - 60.0) < 0.1)
    let busy = share(host, recolor)
    let idle = share(host) { _, _ in }
    print("drawing 1024x768x256: \(busy * 100) % of a processor, unchanged \(idle * 100) %")
    let frame = host.video.render()
    #expect(frame.width == 1024 && frame.height == 768)
    #expect(busy < 0.10)
    #expect(idle < 0.005)
  }

  @Test("Text, mode 12h: under 5 % of a processor")
  func others() throws {
    for mode in [VGAMode.text80x25, .graphics640x480x16] {
      let busy = share(try VGAHost(mode), recolor)
      print("drawing text or mode 12h: \(busy * 100) % of a processor")
      #expect(busy < 0.05)
    }
  }
}
