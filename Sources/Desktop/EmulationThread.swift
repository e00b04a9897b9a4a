import Devices
import Glibc
import Hardware
import PC
import Storage

/// The thread that owns the machine. Created, started and joined by the window's thread, which doesn't touch the
/// session between `start` and `join`.
final class EmulationThread {
  let session: Session
  let exchange: Exchange
  private let signals: SignalWatch
  private var pacer: Pacer
  private var isPaused = false
  /// The person wants no sound.
  private var isSilenced = false
  var kept: [KeptState] = []
  private var nextFrame = Instant.zero
  private var lastSerial: UInt64?
  private var lastShown: Int64 = 0
  private var meter: (guest: Int64, host: Int64) = (0, HostClock.nanoseconds())
  private var status = Status()
  private var player: AudioPlayer?
  private var thread = pthread_t()

  private var outcome: Session.End?
  private var failure: (any Error)?

  init(_ session: Session, exchange: Exchange, speed: Speed, signals: SignalWatch) {
    self.session = session
    self.exchange = exchange
    self.signals = signals
    pacer = Pacer(speed: speed)
  }

  /// Starts the thread; false if the host has none to give.
  func start() -> Bool {
    let context = Unmanaged.passUnretained(self).toOpaque()
    return pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<EmulationThread>.fromOpaque(context).takeUnretainedValue().main() }
        return nil
      }, context) == 0
  }

  /// Waits for the thread's end.
  ///
  /// - Returns: why the session is over; nil when the window was closed.
  /// - Throws: what a step of the script threw.
  func join() throws -> Session.End? {
    pthread_join(thread, nil)
    if let failure { throw failure }
    return outcome
  }

  // MARK: On the thread

  /// Guest time up to the next look at the host's clock: no further than the next frame's end, so that frames come to the
  /// window as evenly as the guest makes them.
  private var step: Span {
    let now = session.machine.now
    let step = pacer.step(quiet: session.machine.quietTime)
    return nextFrame > now ? min(step, nextFrame - now) : step
  }

  private func main() {
    defer { exchange.finish() }
    openSound()
    lookAround()
    while !signals.isPending {
      let commands = exchange.takeCommands()
      for command in commands where !perform(command) { return }
      if !commands.isEmpty { lookAround() }
      player?.isMuted = isSilenced || isPaused || pacer.speed != .realtime || status.percent < 90 && status.percent > 0
      if isPaused {
        player?.fade()
        session.serve()
        HostClock.sleep(nanoseconds: 10_000_000)
        continue
      }
      do {
        outcome = try session.run(until: session.machine.now + step)
        if outcome != nil { return }
      } catch {
        failure = error
        return
      }
      player?.flush()
      if let trouble = session.trouble {
        exchange.tell("Waiting: " + trouble)
        HostClock.sleep(nanoseconds: 500_000_000)
        pacer.restart()
        continue
      }
      showFrame()
      measure()
      pacer.wait(elapsed: session.machine.elapsed, next: step)
    }
  }

  /// False to end the run.
  private func perform(_ command: Command) -> Bool {
    let machine = session.machine
    switch command {
    case .input(let event): machine.post(event)
    case .insert(let path, let drive): insert(path, drive)
    case .eject(let drive):
      let name = contents(of: drive)
      switch drive {
      case .a: machine.eject(drive: 0)
      case .b: machine.eject(drive: 1)
      case .cdrom: machine.ejectCD()
      }
      exchange.tell(name.map { "\(drive.label): \($0) taken out" } ?? "\(drive.label) is empty")
    case .commitFolders: commitFolders()
    case .reset:
      machine.reset()
      exchange.tell("Reset")
    case .powerOff: machine.powerOff()
    case .snapshot(let name, let note): attempt("Kept as \(name)") { try keep(name, note) }
    case .restore(let name, let present):
      attempt("Back at \(name)" + (present.map { "; where you were is kept as \($0)" } ?? "")) {
        if let present { try keep(present, "") }
        try session.restore(name)
      }
    case .type(let text): type(text)
    case .copyText:
      let text = machine.textScreen.text
      if text.isEmpty {
        exchange.tell("There is no text on the screen: it shows graphics")
      } else {
        exchange.copy(text)
        exchange.tell("The screen's text is on the clipboard")
      }
    case .record: toggleRecording()
    case .pause(let pause):
      isPaused = pause
      pacer.restart()
      meter = (machine.elapsed.picoseconds, HostClock.nanoseconds())
      exchange.tell(pause ? "Paused; Right Ctrl+Space goes on" : "Running")
    case .speed(let speed):
      pacer.speed = speed
      exchange.tell(speed.label)
    case .volume(let volume):
      player?.volume = volume
      isSilenced = false
      exchange.tell(player.map { "Volume \($0.volume) %" } ?? "There is no sound device")
    case .mute(let mute):
      isSilenced = mute
      exchange.tell(player == nil ? "There is no sound device" : mute ? "Sound off" : "Sound on")
    case .latency(let step):
      if let player { player.latency = Latency(milliseconds: player.latency.milliseconds + step) }
      exchange.tell(
        player.map { "Sound \($0.latency.milliseconds) ms behind, \($0.underruns) gaps so far" }
          ?? "There is no sound device")
    case .quit: return false
    }
    return true
  }

  private func openSound() {
    guard let player = AudioPlayer(latency: session.machine.configuration.sound.latency) else {
      return exchange.tell("No sound: the host has no sound device")
    }
    session.machine.audio.connect { player.collect($0) }
    self.player = player
  }

  /// Does `body` and tells how it went.
  private func attempt(_ success: String, _ body: () throws -> Void) {
    do {
      try body()
      exchange.tell(success)
    } catch { exchange.tell("\(error)") }
    pacer.restart()
  }

  private func toggleRecording() {
    let machine = session.machine
    do {
      if machine.isRecording {
        let files = try machine.stopRecording()
        exchange.tell("Saved \(files.joined(separator: ", "))")
      } else {
        guard let now = HostClock.localDate() else { return }
        let path = "heirloom-\(now.fileName).avi"
        try machine.startRecording(path: path)
        exchange.tell("Recording to \(path); Right Ctrl+A ends it")
      }
    } catch { exchange.tell("\(error)") }
  }

  private static func letter(_ drive: Int) -> String { drive == 0 ? "A" : "B" }

  /// Notes what the menu shows.
  private func lookAround() {
    let machine = session.machine
    status.disks = [:]
    for drive in RemovableDrive.allCases { status.disks[drive] = contents(of: drive) }
    let folders = machine.board.hardDisks.compactMap(\.folder)
    status.folders = folders.map(\.name)
    status.hasFolderChanges = folders.contains(where: \.hasChanges)
    (status.volume, status.isMuted, status.isRecording) = (player?.volume, isSilenced, machine.isRecording)
    status.kept = kept
    exchange.report(status)
  }

  /// Hands a frame over when the guest's display has made the next one, and no more often than a host can show.
  private func showFrame() {
    let now = session.machine.now
    // After going back to an older state `nextFrame` may lie far ahead.
    guard now >= nextFrame || nextFrame - now > .milliseconds(100) else { return }
    let host = HostClock.nanoseconds()
    if pacer.speed.percentage ?? 1000 > 100, host - lastShown < 16_000_000 { return }
    let frame = session.machine.frame()
    nextFrame = session.machine.board.video.nextFrameTime(after: now)
    lastShown = host
    guard frame.serial != lastSerial else { return }
    lastSerial = frame.serial
    exchange.show(frame)
  }

  private func measure() {
    let machine = session.machine
    let lit = (0...1).filter { machine.board.floppy.activity($0).light }.map(Self.letter).joined()
    let now = HostClock.nanoseconds()
    let spent = now - meter.host
    if spent >= 500_000_000 {
      status.percent = Int((machine.elapsed.picoseconds - meter.guest) / 10 / spent)
      meter = (machine.elapsed.picoseconds, now)
      lookAround()
    }
    status.busyDrives = lit
    exchange.report(status)
  }
}
