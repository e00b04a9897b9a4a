public import Hardware
import Storage

/// What the CD-ROM drive plays, for the mixer.
extension ATAController: AudioSource {
  /// See `AudioSource`.
  public var sampleRate: Int { 44_100 }

  /// The end of the cable to the mixer.
  final class AudioCable: Wiring {
    /// The mixer is to ask for samples from now on.
    var wake: () -> Void = {}
  }

  /// Calls `wake` whenever the drive begins to play.
  public func connectAudio(wake: @escaping () -> Void) { audioCable.wake = wake }

  /// See `AudioSource`.
  public func render(until end: Instant, into samples: inout [StereoSample]) {
    guard let unit = (0..<2).first(where: { slot($0).isPacket }) else { return }
    let (stretches, last) = state.packets[unit].playback.take(until: end)
    guard let disc = slot(unit).disc, let first = stretches.first else { return }
    let ports = state.packets[unit].ports
    samples.reserveCapacity(samples.count + Int(max(last &- first.tick, 0)))
    var tick = first.tick
    for stretch in stretches where stretch.tick >= tick {
      silence(stretch.tick &- tick, &samples)
      play(stretch, of: disc, ports, &samples)
      tick = stretch.tick &+ stretch.count
    }
    silence(last &- tick, &samples)
  }

  private func silence(_ count: Int64, _ samples: inout [StereoSample]) {
    for _ in 0..<min(max(count, 0), 44_100) { samples.append(StereoSample(left: 0, right: 0)) }
  }

  private func play(
    _ stretch: CDPlayback.Stretch, of disc: CDImage, _ ports: [UInt8], _ samples: inout [StereoSample]
  ) {
    var at = stretch.sample
    var left = stretch.count
    while left > 0 {
      let block = Int(at / CDPlayback.samplesInBlock)
      let within = Int(at % CDPlayback.samplesInBlock)
      let count = min(left, CDPlayback.samplesInBlock - Int64(within))
      if disc.track(at: block)?.format.isAudio == true, let bytes = disc.raw(block), bytes.count == CDImage.rawBytes {
        for n in within..<within + Int(count) {
          let both = (Self.sample(bytes, 4 * n), Self.sample(bytes, 4 * n + 2))
          samples.append(
            StereoSample(
              left: Self.output(both, channels: ports[0], volume: ports[1]),
              right: Self.output(both, channels: ports[2], volume: ports[3])))
        }
      } else {
        silence(count, &samples)
      }
      at &+= count
      left &-= count
    }
  }

  private static func sample(_ bytes: [UInt8], _ at: Int) -> Int {
    Int(Int16(bitPattern: UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8))
  }

  /// An output port: the channels it is connected to, one or both, at its volume of 255.
  ///
  /// - Source: SFF-8020i, CD-ROM audio control page: 0 muted, 1 left, 2 right, 3 both; volume 0 ... FFh.
  private static func output(_ both: (left: Int, right: Int), channels: UInt8, volume: UInt8) -> Int16 {
    let sum = (channels & 1 != 0 ? both.left : 0) + (channels & 2 != 0 ? both.right : 0)
    let mean = channels & 3 == 3 ? sum / 2 : sum
    return Int16(clamping: mean * Int(volume) / 255)
  }
}
