import Hardware

/// The DSP's side of the bus: commands, their arguments, answers and settings.
struct DSP: Codable, Equatable, Sendable {
  /// Port 2x6h as written.
  var resetIsHigh = false
  var isResetting = false
  /// The command whose arguments are coming in.
  var command: UInt8?
  var arguments: [UInt8] = []
  /// Bytes to be read.
  var answers: [UInt8] = []
  /// What port 2xAh reads when there is none.
  var lastAnswer: UInt8 = 0xFF
  var busyUntil = Instant.zero
  /// Commands E4h and E8h.
  var testRegister: UInt8 = 0
  /// Command E2h.
  var challenge: UInt8 = 0xAA
  var challengeCount: UInt8 = 0
  /// Commands D1h and D3h.
  var speakerIsOn = false
  /// Command 40h: 256 less the time of a sample in microseconds.
  var timeConstant: UInt8 = 0x83
  /// Commands 41h and 42h, hertz; 0: the time constant counts.
  var rate: UInt16 = 0
  /// Command 48h: length of a block less one.
  var blockLength: UInt16 = 0x7FF
  /// Commands A0h and A8h.
  var recordsStereo = false
  /// A high-speed transfer is on: the DSP takes no commands.
  var isHighSpeed = false
  /// All bytes go to the MIDI socket until a reset.
  var isMIDI = false
  /// Command 80h is waiting: it ends at that time.
  var silence: Instant?

  init() {}

  /// Bytes that wait at most.
  private static let depth = 64

  mutating func answer(_ bytes: [UInt8]) {
    answers = bytes.count > Self.depth ? Array(bytes.prefix(Self.depth)) : bytes
  }

  mutating func read() -> UInt8 {
    if !answers.isEmpty { lastAnswer = answers.removeFirst() }
    return lastAnswer
  }

  mutating func keepSettings(of old: DSP) {
    timeConstant = old.timeConstant
    rate = old.rate
    blockLength = old.blockLength
    speakerIsOn = old.speakerIsOn
  }

  mutating func limit() {
    arguments = Array(arguments.prefix(3))
    answers = Array(answers.prefix(Self.depth))
  }

  /// How many bytes follow a command, by the DSP's major version.
  static func argumentCount(_ command: UInt8, _ version: UInt8) -> Int {
    switch command {
    case 0x10, 0x38, 0x40, 0xE0, 0xE2, 0xE4: 1
    case 0x14...0x17, 0x24, 0x74...0x77, 0x80: 2
    case 0x48: 2
    case 0x04, 0x08, 0x0F, 0xF9: version >= 4 ? 1 : 0
    case 0x05, 0x0E, 0x41, 0x42: version >= 4 ? 2 : 0
    case 0xB0...0xCF: version >= 4 ? 3 : 0
    default: 0
    }
  }

  /// One step of the identification by DMA (command E2h): the answer goes to memory.
  ///
  /// - Source: worked out by others from the DSP's answers (DOSBox, QEMU); no document.
  mutating func identify(_ value: UInt8) -> UInt8 {
    let weights: [[Int]] = [
      [0x01, -0x02, -0x04, 0x08, -0x10, 0x20, 0x40, -0x80, -106],
      [-0x01, 0x02, -0x04, 0x08, 0x10, -0x20, 0x40, -0x80, 165],
      [-0x01, 0x02, 0x04, -0x08, 0x10, -0x20, -0x40, 0x80, -151],
      [0x01, -0x02, 0x04, -0x08, -0x10, 0x20, -0x40, 0x80, 90],
    ]
    let row = weights[Int(challengeCount & 3)]
    var sum = Int(challenge) + row[8]
    for bit in 0..<8 where value & 1 << UInt8(bit) != 0 { sum += row[bit] }
    challenge = UInt8(truncatingIfNeeded: sum)
    challengeCount = (challengeCount &+ 1) & 3
    return challenge
  }
}
