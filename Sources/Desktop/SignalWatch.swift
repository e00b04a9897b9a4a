import Glibc
import Synchronization

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT. The first one is only noted and looked at between two slices: nothing is interrupted half-way,
/// and what is written gets to the disk. The second one ends the program at once.
public final class SignalWatch: Sendable {
  private let hasCome = Atomic<Bool>(false)

  /// Blocks them for this thread and those it starts later; a thread of its own waits for them.
  public init() {
    var set = Self.signals
    pthread_sigmask(SIG_BLOCK, &set, nil)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<SignalWatch>.fromOpaque(context).takeUnretainedValue().wait() }
        return nil
      }, context)
    pthread_detach(thread)
  }

  private static var signals: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGQUIT] { sigaddset(&set, number) }
    // `nohup` has it ignored, which stays so.
    if !isIgnored(SIGHUP) { sigaddset(&set, SIGHUP) }
    return set
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return action.__sigaction_handler.sa_handler.map { unsafeBitCast($0, to: Int.self) } == 1
  }

  private func wait() {
    var set = Self.signals
    var number: Int32 = 0
    sigwait(&set, &number)
    hasCome.store(true, ordering: .releasing)
    sigwait(&set, &number)
    _exit(128 + number)
  }

  /// One of them has come.
  public var isPending: Bool { hasCome.load(ordering: .acquiring) }
}
