import Hardware
import Testing

@testable import Devices

@Suite struct ATATimingTests {
  private let total = 540 << 11

  @Test func fastDrivesTakeConstantTimes() {
    for (from, to) in [(0, 0), (0, 1_000_000), (500, 400)] {
      #expect(ATATiming.fast.access(from: from, to: to, of: total, now: .zero) == ATATiming.commandTime)
    }
    #expect(ATATiming.fast.seek(from: 0, to: 300_000, of: 330_000) == ATATiming.commandTime)
  }

  @Test func theNextSectorOfAPeriodDriveWaitsForNothingButItself() {
    for sector in [0, 62, 63, 1008, 500_000] {
      let time = ATATiming.period.access(from: sector, to: sector, of: total, now: .zero + .microseconds(777))
      #expect(time == ATATiming.period.sectorTime)
    }
    // 63 sectors in 13.333 ms are 2.4 MB/s.
    #expect((211...212).contains(ATATiming.period.sectorTime.picoseconds / 1_000_000))
  }

  @Test func aSeekOfAPeriodDriveTakesLongerTheFartherItGoesAndEndsAtTheSectorsAngle() {
    let now = Instant.zero + .milliseconds(5)
    func access(_ to: Int, at time: Instant) -> Span { ATATiming.period.access(from: 0, to: to, of: total, now: time) }
    // On the same cylinder up to a revolution and a sector.
    #expect(access(5, at: now) <= ATATiming.revolution + ATATiming.period.sectorTime)
    // From end to end 3 + 15.6 ms, and up to a revolution.
    let far = access(total - 1, at: now)
    #expect(far >= .microseconds(18_500) && far <= .microseconds(18_700 + 13_334 + 212))
    // One revolution later the disk stands where it stood.
    #expect(access(77_777, at: now) == access(77_777, at: now + ATATiming.revolution))
    // Whenever the command comes, the sector ends at the same angle.
    let angles = (0..<9).map { n -> Int64 in
      let start = now + .microseconds(1_111 * Int64(n))
      return (start + access(77_777, at: start)).picoseconds % ATATiming.revolution.picoseconds
    }
    #expect(Set(angles).count == 1)
  }

  @Test func aSeekOfAPeriodCDROMDriveTakes80To250Milliseconds() {
    let timing = ATATiming.period
    #expect(timing.seek(from: 7, to: 7, of: 330_000) == ATATiming.commandTime)
    #expect(timing.seek(from: 0, to: 1, of: 330_000) >= .milliseconds(80))
    #expect(timing.seek(from: 330_000, to: 0, of: 330_000) == .milliseconds(250))
    // Four times 75 blocks a second.
    #expect(timing.blockTime * 300 <= .seconds(1) && timing.blockTime * 301 >= .seconds(1))
  }
}
