import Devices
import Glibc
import Hardware
import PC
import Storage

/// The thread that owns the machine. Created, started and joined by the window's thread, which doesn't touch the
/// session between `start` and `join`.
final class EmulationThread {
  private let session: Session
  private let exchange: Exchange
  private let signals: SignalWatch
  private var pacer: Pacer
  private var isPaused = false
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

  /// Guest time between two looks at the host's clock.
  private var slice: Span {
    pacer.speed == .max ? .milliseconds(3) : Pacer.slice(quiet: session.machine.quietTime)
  }

  private func main() {
    defer { exchange.finish() }
    openSound()
    while !signals.isPending {
      for command in exchange.takeCommands() where !perform(command) { return }
      player?.isMuted = isPaused || pacer.speed != .realtime || status.percent < 90 && status.percent > 0
      if isPaused {
        player?.fade()
        session.serve()
        HostClock.sleep(nanoseconds: 10_000_000)
        continue
      }
      do {
        // No further than the next frame's end, so that frames come to the window as evenly as the guest makes them.
        let now = session.machine.now
        let step = now + slice
        outcome = try session.run(until: nextFrame > now ? min(step, nextFrame) : step)
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
      pacer.wait(elapsed: session.machine.elapsed)
    }
  }

  /// False to end the run.
  private func perform(_ command: Command) -> Bool {
    let machine = session.machine
    switch command {
    case .input(let event): machine.post(event)
    case .insert(let path, let drive):
      do {
        let name = path.split(separator: "/").last ?? "disk"
        if case .cdrom? = try? ImageKind.detect(path: path) {
          try machine.insertCD(path: path)
          exchange.tell("CD-ROM drive: \(name) inserted")
        } else {
          try machine.insert(path: path, drive: drive)
          exchange.tell("Drive \(Self.letter(drive)): \(name) inserted")
        }
      } catch { exchange.tell("\(error)") }
    case .eject(let drive):
      machine.eject(drive: drive)
      exchange.tell("Drive \(Self.letter(drive)): empty")
    case .reset:
      machine.reset()
      exchange.tell("Reset")
    case .powerOff: machine.powerOff()
    case .snapshot(let name): attempt("Kept as \(name)") { try session.keep(as: name) }
    case .restore(let name): attempt("Back at \(name)") { try session.restore(name) }
    case .type(let text):
      let known = text.filter { Typist.untypable(in: String($0)) == nil }
      // Half a second ahead: the keys of the menu are up again by then.
      let start = machine.now + .milliseconds(500)
      for (after, event) in Typist.events(typing: known) { machine.post(event, at: start + after) }
      exchange.tell("Typing \(known.count) characters")
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
      exchange.tell(speed == .max ? "Full speed" : "Real time")
    case .volume(let step):
      player?.volume += step
      exchange.tell(player.map { "Volume \($0.volume)%" } ?? "There is no sound device")
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
    }
    status.busyDrives = lit
    exchange.report(status)
  }
}
