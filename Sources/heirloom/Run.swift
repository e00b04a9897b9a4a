import Archive
import ArgumentParser
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
  /// A machine of a file runs in a sandbox.
  var isSealed = true

  /// Runs to the end; returns only if the exit status is 0.
  ///
  /// - Throws: `HostError`.
  mutating func start(headless: Bool) throws {
    let signals = SignalWatch()
    signal(SIGPIPE, SIG_IGN)
    // A limit on the size of files is an error of writing like others.
    signal(SIGXFSZ, SIG_IGN)
    keeper?.onKept = { name, failure in
      if let failure { ErrorReport.complain("snapshot \(name) was not kept: \(failure)") }
    }
    var notices: [String] = []
    keeper?.onNotice = {
      ErrorReport.complain($0)
      notices.append($0)
    }
    let session = headless ? try Session(configuration, options, keeper: keeper) : try askingSession()
    keeper?.onNotice = { ErrorReport.complain($0) }
    let isSealed = isSealed && keeper != nil
    if let keeper, isSealed {
      // It couldn't be written, and each start would say so.
      setenv("MESA_SHADER_CACHE_DISABLE", "true", 0)
      let run = self
      session.onStart = { run.seal(keeper, headless: headless) }
    }
    var isKept = false
    let freeze: (() throws -> Void)? = keeper.flatMap { keeper in
      guard freezes else { return nil }
      return {
        try keeper.freeze(session.machine)
        isKept = true
      }
    }
    var end: Session.End?
    var restart: [String]?
    var failure: (any Error)?
    var complaints: [String] = []
    do {
      if headless {
        end = try Headless(speed: speed, signals: signals).run(session)
      } else {
        let app = DesktopApp(speed: speed, signals: signals, isSealed: isSealed)
        let outcome = try app.run(session, notices: notices, freeze: freeze)
        (end, restart, complaints) = (outcome.end, outcome.restart, outcome.complaints)
      }
    } catch { failure = error }
    // Where the window hasn't seen to it.
    if let freeze, !isKept, restart == nil, complaints.isEmpty, session.machine.outcome == nil {
      do { try freeze() } catch { complaints.append("\(error)") }
    }
    complaints += session.finish()
    var told: Set<String> = []
    for line in complaints where told.insert(line).inserted { ErrorReport.complain(line) }
    if printsHash { session.print("state-hash \(try session.machine.stateHash())\n") }
    do { try keeper?.close() } catch {
      ErrorReport.complain(error.description)
      complaints.append(error.description)
    }
    if let failure { throw failure }
    if let restart { try Restart.perform(restart) }
    if end == .machine(.tripleFault) {
      throw HostError(.tripleFault, "the guest shut down by triple fault; --on-triple-fault reset starts it again")
    }
    if !complaints.isEmpty { throw ExitCode(HostError.Kind.file.rawValue) }
  }
}

extension Run {
  /// Has the kernel keep a machine of a file to what its seal says, its file's folder, the images that its states name,
  /// and what the script asks for. In a window the person may insert any disk, and pictures go into the current folder.
  private func seal(_ keeper: OpenMachine, headless: Bool) {
    var (readable, writable) = keeper.imagesOfStates
    for step in options.steps {
      switch step {
      case .screenshot(let path), .scaledScreenshot(let path), .record(let path), .screenText(let path?):
        writable.append(Sandbox.folder(of: path))
      case .insert(_, let path):
        readable += Sandbox.places(of: path)
        writable.append(path)
      default: break
      }
    }
    let seal = Seal(configuration)
    readable += seal.readable + (headless ? [] : Sandbox.personsPlaces)
    writable += seal.writable + [Sandbox.folder(of: keeper.file.path)] + (headless ? [] : ["."])
    for line in Sandbox.enter(readable: readable, writable: writable) { ErrorReport.complain(line) }
  }
}

/// A run without a window.
struct Headless {
  var speed: Speed
  var signals: SignalWatch

  /// Runs until the session ends or a signal asks for it.
  func run(_ session: Session) throws -> Session.End? {
    var pacer = Pacer(speed: speed)
    var isHeld = false
    session.onStart()
    while !signals.isPending {
      if let end = try session.run(until: session.machine.now + step(pacer, session)) { return end }
      if let trouble = session.trouble {
        if !isHeld { ErrorReport.complain("\(trouble); the machine waits until that is done") }
        isHeld = true
        usleep(500_000)
        pacer.restart()
        continue
      }
      if isHeld { ErrorReport.complain("the machine goes on") }
      isHeld = false
      pacer.wait(elapsed: session.machine.elapsed, next: step(pacer, session))
    }
    return nil
  }

  private func step(_ pacer: Pacer, _ session: Session) -> Span {
    speed == .max ? .milliseconds(50) : pacer.step(quiet: session.machine.quietTime)
  }
}
