import CSDL2
import Hardware
import PC
import Synchronization

/// What the window asks of the emulation thread.
enum Command: Sendable {
  case input(InputEvent)
  /// nil: into the drive that it belongs in.
  case insert(path: String, drive: RemovableDrive?)
  case eject(RemovableDrive)
  case commitFolders
  case reset
  case powerOff
  case snapshot(name: String, note: String)
  /// Keeps the present under a name first, if one is given.
  case restore(name: String, keepingAs: String?)
  case type(String)
  case copyText
  case record
  case pause(Bool)
  case speed(Speed)
  case volume(Int)
  case mute(Bool)
  case latency(by: Int)
  case quit
}

/// What the emulation thread tells about itself.
struct Status: Equatable, Sendable {
  /// Guest time in hundredths of host time, over the last half second.
  var percent = 0
  /// Drives whose light is on: "A", "B".
  var busyDrives = ""
  /// What is in drives A and B and in the CD-ROM drive; nil: nothing.
  var disks: [RemovableDrive: String] = [:]
  /// Folders of the host that are hard disks, and whether the guest has changed something on one.
  var folders: [String] = []
  var hasFolderChanges = false
  /// 0 ... 100; nil: there is no sound device.
  var volume: Int?
  var isMuted = false
  var isRecording = false
  /// Snapshots kept in memory, oldest first: those of a machine without a file.
  var kept: [KeptState] = []
}

/// A snapshot in memory.
struct KeptState: Equatable, Sendable {
  var name: String
  var note: String
  /// Guest time in seconds.
  var seconds: Int64
  var picture: VideoFrame

  static func == (one: KeptState, other: KeptState) -> Bool {
    one.name == other.name && one.seconds == other.seconds && one.note == other.note
  }
}

/// The only thing both threads touch: a mailbox of commands one way, the newest frame, messages and the status the
/// other way. Frames are copy-on-write values, so handing one over copies nothing, and a frame that nobody has taken
/// is replaced by the next (the three buffers are: being drawn, waiting, being shown).
final class Exchange: Sendable {
  private let commands = Mutex<[Command]>([])
  private let frame = Mutex<VideoFrame?>(nil)
  private let messages = Mutex<[String]>([])
  private let copiedText = Mutex<String?>(nil)
  private let statusNow = Mutex(Status())
  private let isOverNow = Mutex(false)
  private let isAwake = Mutex(false)
  private let wakeEvent: UInt32

  /// `wakeEvent` is the SDL event type that is pushed to wake the window's thread.
  init(wakeEvent: UInt32) { self.wakeEvent = wakeEvent }

  // MARK: Window's side

  func send(_ command: Command) { commands.withLock { $0.append(command) } }
  func takeFrame() -> VideoFrame? {
    frame.withLock { frame in
      defer { frame = nil }
      return frame
    }
  }
  func takeMessages() -> [String] {
    messages.withLock { messages in
      defer { messages = [] }
      return messages
    }
  }
  var status: Status { statusNow.withLock { $0 } }
  var isOver: Bool { isOverNow.withLock { $0 } }
  /// The window is about to look at everything: the next news needs a new wake-up call.
  func willLook() { isAwake.withLock { $0 = false } }

  /// What is to be put on the host's clipboard; nil if there is nothing new.
  func takeCopiedText() -> String? {
    copiedText.withLock { text in
      defer { text = nil }
      return text
    }
  }

  // MARK: Emulation's side

  func copy(_ text: String) {
    copiedText.withLock { $0 = text }
    wake()
  }

  func takeCommands() -> [Command] {
    commands.withLock { commands in
      defer { commands = [] }
      return commands
    }
  }
  func show(_ new: VideoFrame) {
    frame.withLock { $0 = new }
    wake()
  }
  func tell(_ message: String) {
    messages.withLock { $0.append(message) }
    wake()
  }
  func report(_ status: Status) {
    let changed = statusNow.withLock { old in
      defer { old = status }
      return old != status
    }
    if changed { wake() }
  }
  func finish() {
    isOverNow.withLock { $0 = true }
    isAwake.withLock { $0 = false }
    wake()
  }

  private func wake() {
    let wasAwake = isAwake.withLock { awake in
      defer { awake = true }
      return awake
    }
    guard !wasAwake else { return }
    var event = SDL_Event()
    event.type = wakeEvent
    SDL_PushEvent(&event)
  }
}
