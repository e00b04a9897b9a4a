import Archive
import Desktop
import Glibc
import Hardware
import PC

/// One run of a machine, from the checked arguments to the exit status.
struct Run {
  var configuration: MachineConfiguration
  var options: Session.Options
  var speed: Speed
  var printsHash: Bool
  /// The machine file that the machine lives in.
  var keeper: OpenMachine?
  /// A machine of a file goes on next time where it ends now, unless its power was switched off.
  var freezes = false

  /// Runs to the end; returns only if the exit status is 0.
  ///
  /// - Throws: `HostError`.
  func start(headless: Bool) throws {
    let signals = SignalWatch()
    signal(SIGPIPE, SIG_IGN)
    let session = try Session(configuration, options, keeper: keeper)
    var end: Session.End?
    var failure: (any Error)?
    do {
      end =
        headless
        ? try Headless(speed: speed, signals: signals).run(session)
        : try DesktopApp(speed: speed, signals: signals).run(session)
    } catch { failure = error }
    var complaints: [String] = []
    if let keeper {
      keeper.onKept = { name, failure in
        if let failure { ErrorReport.complain("snapshot \(name) was not kept: \(failure)") }
      }
      if freezes, session.machine.outcome == nil {
        do { try keeper.freeze(session.machine) } catch { complaints.append(error.description) }
      }
    }
    complaints += session.finish()
    for line in complaints { ErrorReport.complain(line) }
    if printsHash { session.print("state-hash \(try session.machine.stateHash())\n") }
    do { try keeper?.close() } catch { ErrorReport.complain("\(error)") }
    if let failure { throw failure }
    if end == .machine(.tripleFault) {
      throw HostError(.tripleFault, "the guest shut down by triple fault; --on-triple-fault reset starts it again")
    }
    if !complaints.isEmpty { throw HostError.file("not everything could be written; see above") }
  }
}

/// A run without a window.
struct Headless {
  var speed: Speed
  var signals: SignalWatch

  /// Runs until the session ends or a signal asks for it.
  func run(_ session: Session) throws -> Session.End? {
    var pacer = Pacer(speed: speed)
    while !signals.isPending {
      let slice: Span = speed == .max ? .milliseconds(50) : .milliseconds(5)
      if let end = try session.run(until: session.machine.now + slice) { return end }
      pacer.wait(elapsed: session.machine.elapsed)
    }
    return nil
  }
}
