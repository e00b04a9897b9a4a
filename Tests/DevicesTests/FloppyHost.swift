import Devices
import Hardware
import Storage
import Testing

/// A scripted host: a backplane with a floppy controller, and the least of a DMA controller.
final class FloppyHost {
  let backplane = Backplane(ramSize: 1 << 16)
  let controller: FloppyController
  /// Bytes for the controller, next first; bytes that came from it.
  var outgoing: ArraySlice<UInt8> = []
  var incoming: [UInt8] = []
  /// Transfers until TC.
  var count = 0
  var isMasked = true
  var isWrite = false
  var interrupts = 0

  init(_ configuration: FloppyController.Configuration = .init()) throws {
    controller = FloppyController(configuration)
    try backplane.attach(controller)
    controller.dma.request.connect { [unowned self] level in if level { serve() } }
    controller.interrupt.connect { [unowned self] level in if level { interrupts += 1 } }
  }

  var now: Instant { backplane.scheduler.now }

  private func serve() {
    while controller.dma.request.level, !isMasked, count > 0 {
      if isWrite {
        controller.dma.memoryToDevice(UInt16(outgoing.popFirst() ?? 0))
      } else {
        incoming.append(UInt8(truncatingIfNeeded: controller.dma.deviceToMemory()))
      }
      count -= 1
      if count == 0 { controller.dma.terminalCount() }
    }
  }

  func prepare(reading count: Int) {
    (self.count, isWrite, isMasked, incoming) = (count, false, false, [])
  }

  func prepare(writing bytes: [UInt8]) {
    (count, isWrite, isMasked, outgoing) = (bytes.count, true, false, bytes[...])
  }

  func inb(_ port: UInt16) -> UInt8 { backplane.io.read8(port) }
  func outb(_ port: UInt16, _ value: UInt8) { backplane.io.write8(port, value) }
  func pass(_ span: Span) { backplane.scheduler.advance(to: now + span) }

  /// Sends a command as a driver does, looking at RQM and DIO.
  func command(_ bytes: UInt8...) { command(bytes) }
  func command(_ bytes: [UInt8]) {
    for byte in bytes {
      var tries = 0
      while inb(0x3F4) & 0xC0 != 0x80, tries < 100 {
        pass(.microseconds(1))
        tries += 1
      }
      outb(0x3F5, byte)
    }
  }

  /// Reads result bytes while there are any.
  func results() -> [UInt8] {
    var bytes: [UInt8] = []
    var idle = 0
    while bytes.count < 16, idle < 20 {
      let status = inb(0x3F4)
      if status & 0xD0 == 0xD0 {
        bytes.append(inb(0x3F5))
        idle = 0
      } else if status & 0x10 == 0 {
        break
      } else {
        pass(.microseconds(1))
        idle += 1
      }
    }
    return bytes
  }

  /// Lets time pass until IRQ 6 is high.
  ///
  /// - Returns: how long it took; nil if it didn't come.
  @discardableResult
  func waitForInterrupt(within limit: Span = .seconds(4)) -> Span? {
    let start = now
    let end = start + limit
    while !controller.interrupt.level {
      let next = backplane.scheduler.nextDeadline
      guard next <= end else {
        backplane.scheduler.advance(to: end)
        return nil
      }
      backplane.scheduler.advance(to: next)
    }
    return now - start
  }

  /// Out of reset, motor of drive A on and up to speed, 3 ms steps, rate set, head on track 0.
  func start(rate: UInt8 = 0, drive: UInt8 = 0) {
    outb(0x3F2, 0x0C | drive | 0x10 << drive)
    waitForInterrupt()
    for _ in 0..<4 {
      command(0x08)
      _ = results()
    }
    outb(0x3F7, rate)
    command(0x03, 0xDF, 0x02)
    pass(.milliseconds(600))
    command(0x07, drive)
    waitForInterrupt()
    command(0x08)
    _ = results()
  }

  func seek(_ cylinder: UInt8, drive: UInt8 = 0) {
    command(0x0F, drive, cylinder)
    waitForInterrupt()
    command(0x08)
    _ = results()
  }

  /// READ DATA (or another nine-byte command) and its results.
  func transfer(
    _ code: UInt8 = 0xE6, drive: UInt8 = 0, c: UInt8, h: UInt8, r: UInt8, n: UInt8 = 2, eot: UInt8 = 18,
    gap: UInt8 = 0x1B, dtl: UInt8 = 0xFF, extraBits: UInt8 = 0
  ) -> [UInt8] {
    command(code, h << 2 | drive | extraBits, c, h, r, n, eot, gap, dtl)
    waitForInterrupt()
    return results()
  }
}

/// A disk whose sectors begin with their own number.
func numberedDisk(_ bytes: Int = 1_474_560) throws -> FloppyImage {
  let ramp = (0..<1024).map { UInt8(truncatingIfNeeded: $0) }
  var raw: [UInt8] = []
  raw.reserveCapacity(bytes)
  for sector in 0..<bytes / 512 {
    raw += [UInt8(truncatingIfNeeded: sector), UInt8(truncatingIfNeeded: sector >> 8)]
    let phase = sector * 7 & 255
    raw += ramp[phase + 2..<phase + 512]
  }
  return try FloppyImage(raw: raw, name: "numbered")
}
