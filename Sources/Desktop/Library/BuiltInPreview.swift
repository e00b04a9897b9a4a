import Hardware
import PC
import Synchronization

/// The built-in machine's picture: the machine itself is run for a moment, as fast as the host can.
final class BuiltInPreview: Sendable {
  private let made = Mutex<VideoFrame?>(nil)

  /// Begins.
  init() {
    HostThread.start { [self] in
      guard let machine = try? Machine(MachineConfiguration()), (try? machine.insertWelcomeDisk()) != nil else {
        return
      }
      machine.run(until: machine.now + .seconds(6))
      let picture = machine.picture()
      made.withLock { $0 = picture }
    }
  }

  /// The picture; nil until it is made.
  var frame: VideoFrame? { made.withLock { $0 } }
  /// Whether it is made.
  var isReady: Bool { frame != nil }
}
