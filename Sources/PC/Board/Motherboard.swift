public import Devices
public import Hardware
public import Processor
public import Storage

/// A late AT board: which chips there are, and where their pins go. Nothing else.
///
/// Addresses, interrupts and DMA channels are in the devices' footprints. Read `init` and `connect` from top to bottom
/// as the board's schematic.
public final class Motherboard {
  /// Time, I/O space, memory and the slots.
  public let backplane: Backplane
  /// The processor.
  public let processor: Processor

  /// The pair of 8259As.
  public let interruptController = InterruptController()
  /// The 8254.
  public let timer = IntervalTimer()
  /// The pair of 8237As with their page registers.
  public let dma: DMAController
  /// The MC146818 with its memory.
  public let clock: RealTimeClock
  /// The mouse on COM1, if that is where the mouse is.
  public let serialMouse: SerialMouse?
  /// The 8042 with keyboard and mouse.
  public let keyboard: KeyboardController
  /// Ports 61h, 92h and 80h.
  public let system = SystemControl()
  /// COM1.
  public let serial1: SerialPort
  /// COM2.
  public let serial2: SerialPort
  /// LPT1.
  public let parallel1 = ParallelPort()
  /// The 82077AA with drives A and B.
  public let floppy: FloppyController
  /// The ATA channels that have drives: primary, secondary.
  public let ata: [ATAController]
  /// The graphics card.
  public let video: VideoAdapter
  /// The speaker.
  public let speaker = Speaker()
  /// The Sound Blaster, nil if there is none.
  public let soundBlaster: SoundBlaster?
  /// The joystick port on the sound card, nil if there is none.
  public let game: GamePort?
  /// The converter on LPT1, nil if there is none.
  public let printerSound: PrinterSound?
  /// The FM synthesizer of the sound card, nil if there is none.
  public let fm: Synthesizer?
  /// Where all sound comes together.
  public let mixer: AudioMixer
  /// FERR#, interrupt 13 and port F0h.
  public let numericError = NumericErrorLatch()
  /// Port E9h.
  public let debug = DebugPort()
  /// The soft power switch.
  public let power = PowerPort()
  /// Where the person's hands meet the machine.
  public let input: InputQueue

  /// The ROMs of a board.
  public struct ROMs: Equatable, Sendable {
    /// 64, 128 or 256 KB; its end is seen at 1 MB and at 4 GB.
    public var system: [UInt8]
    /// Up to 64 KB, seen at C0000h.
    public var video: [UInt8]

    /// Two ROMs.
    public init(system: [UInt8], video: [UInt8]) {
      self.system = system
      self.video = video
    }

    /// Our own.
    public static var builtIn: ROMs { ROMs(system: Firmware.systemBIOS, video: Firmware.videoBIOS) }
  }

  /// What the sockets of a board hold.
  struct Parts {
    var model: ProcessorModel
    var fpu: Bool?
    var timing: TimingModel
    var boardTiming: BoardTiming
    var tlb = TLBPolicy.coherent
    var ramSize: Int
    var roms: ROMs
    var video: VideoAdapter.Card
    var setup: CMOSSetup
    var start: RTCDate
    var drives: FloppyController.Configuration
    /// Primary master and slave, secondary master and slave.
    var hardDisks: [HardDiskImage?]
    /// The FM synthesizer on the sound card.
    var fm: Synthesizer.Configuration?
    /// The rest of it, if it is a Sound Blaster.
    var soundBlaster: SoundBlaster.Configuration?
    /// Whether its output filter is in.
    var soundFilter: Bool
    /// The converter on LPT1.
    var printerSound: PrinterSound.Model?
    /// Volumes.
    var levels: AudioMixer.Levels
    /// The CD-ROM drive's place among them.
    var cdrom: Int?
    var driveTiming: ATATiming
    /// Whether something is plugged into COM1 and COM2.
    var serial: [Bool]
    var mouse = Mouse.ps2
  }

  /// Builds the board and switches it on: everything is at its power-on state.
  ///
  /// - Throws: `BackplaneError` if two parts want the same place.
  init(_ parts: Parts) throws {
    backplane = Backplane(ramSize: parts.ramSize)
    processor = Processor(
      model: parts.model, fpu: parts.fpu, memory: backplane.memory, io: backplane.io, scheduler: backplane.scheduler)
    processor.setTiming(parts.timing, board: parts.boardTiming)
    // The interrupt controllers' masks, which a BIOS looks at whenever it is asked for a key.
    processor.quietPorts = (0x21, 0xA1)
    processor.tlbPolicy = parts.tlb
    dma = DMAController(memory: backplane.memory)
    clock = RealTimeClock(start: parts.start, cmos: parts.setup)
    serial1 = SerialPort(SerialPort.Configuration(name: "com1", base: 0x3F8, irq: 4, connected: parts.serial[0]))
    serial2 = SerialPort(SerialPort.Configuration(name: "com2", base: 0x2F8, irq: 3, connected: parts.serial[1]))
    keyboard = KeyboardController(hasMouse: parts.mouse == .ps2)
    serialMouse = parts.mouse == .serial ? SerialMouse() : nil
    floppy = FloppyController(parts.drives)
    // A channel without a drive isn't there: its ports float.
    ata = [ATAController.Channel.primary, .secondary].compactMap { channel in
      let drives = [0, 1].map { unit -> ATADevice? in
        let place = channel.rawValue * 2 + unit
        if place == parts.cdrom { return .cdrom }
        return place < parts.hardDisks.count ? parts.hardDisks[place].map { .disk($0) } : nil
      }
      guard drives[0] != nil else { return nil }
      return ATAController(channel, master: drives[0], slave: drives[1], timing: parts.driveTiming)
    }
    video = VideoAdapter(parts.video)
    input = InputQueue { [keyboard, serialMouse] in
      keyboard.input($0)
      serialMouse?.input($0)
    }
    fm = parts.fm.map(Synthesizer.init)
    soundBlaster = parts.soundBlaster.map(SoundBlaster.init)
    game = parts.soundBlaster == nil ? nil : GamePort()
    printerSound = parts.printerSound.map(PrinterSound.init)
    mixer = AudioMixer(levels: parts.levels)

    // The slots. Order matters only where two alarms fall on the same picosecond: first come, first served.
    try backplane.attach(timer)
    try backplane.attach(interruptController)
    try backplane.attach(dma)
    try backplane.attach(clock)
    try backplane.attach(keyboard)
    try backplane.attach(system)
    try backplane.attach(numericError)
    try backplane.attach(serial1)
    try backplane.attach(serial2)
    try backplane.attach(parallel1)
    try backplane.attach(floppy)
    try backplane.attach(video)
    try backplane.attach(debug)
    try backplane.attach(power)
    try backplane.attach(input)
    for channel in ata { try backplane.attach(channel) }
    if let serialMouse { try backplane.attach(serialMouse) }
    try backplane.attach(speaker)
    if let fm { try backplane.attach(fm) }
    if let soundBlaster { try backplane.attach(soundBlaster) }
    if let game { try backplane.attach(game) }
    if let printerSound { try backplane.attach(printerSound) }
    try backplane.attach(mixer)

    // ROM sockets. A system ROM of more than 64 KB begins below F0000h; all of it is also seen at the end of the
    // processor's address space, where it starts: 4 GB, or 16 MB with a 386SX.
    let end = UInt32(truncatingIfNeeded: 1 << parts.model.addressBits)
    let (system, low) = (parts.roms.system, Array(parts.roms.system.suffix(128 << 10)))
    try backplane.memory.mapROM(low, at: 0x10_0000 - UInt32(low.count), name: "the system BIOS")
    try backplane.memory.mapROM(system, at: end &- UInt32(system.count), name: "the system BIOS")
    if !parts.roms.video.isEmpty {
      try backplane.memory.mapROM(parts.roms.video, at: 0xC_0000, name: "the video BIOS")
    }
    connect()
    connectSound(filter: parts.soundFilter)
  }

  /// The wires. Closures hold the board unowned: it owns both ends.
  private func connect() {
    // Interrupt requests and their controller.
    for (irq, line, _) in backplane.interrupts {
      line.connect { [unowned self] in interruptController.setRequest(irq, $0) }
    }
    interruptController.intr.connect { [unowned self] in processor.setInterruptRequest($0) }
    processor.acknowledgeInterrupt = { [unowned self] in interruptController.acknowledge() }

    // DMA requests.
    for (channel, request, _) in backplane.dmaRequests { dma.connect(channel, request) }
    dma.onHold = { [unowned self] in processor.holdBus(for: $0) }

    // Timer: counter 1 asks for refresh, counter 2 makes sound; both can be read at port 61h.
    system.refresh.level = { [unowned self] in timer.refreshToggle }
    system.timer2.level = { [unowned self] in timer.output(2) }
    system.gate2.connect { [unowned self] in timer.setGate(2, $0) }

    // Address line 20: open when either the keyboard controller or port 92h says so.
    keyboard.a20.connect { [unowned self] _ in setA20() }
    system.fastA20.connect { [unowned self] _ in setA20() }

    // Numeric errors, the AT's way.
    processor.onFERR = { [unowned self] in numericError.setError($0) }
    numericError.ignore.connect { [unowned self] in processor.setIgnoreNumericError($0) }

    // NMI: parity and I/O channel check, behind the mask in the clock's index port.
    system.nmi.connect { [unowned self] in if $0, !clock.nmiMask.level { processor.raiseNMI() } }
    clock.nmiMask.connect { [unowned self] in if !$0, system.nmi.level { processor.raiseNMI() } }

    // A serial mouse is on COM1.
    if let serialMouse {
      serialMouse.sink = { [unowned self] in serial1.receive($0) }
      for line in [serial1.dtr, serial1.rts] {
        line.connect { [unowned self, unowned serialMouse] _ in
          serialMouse.setPower(dtr: serial1.dtr.level, rts: serial1.rts.level)
        }
      }
    }

    // RESET of the processor alone: the keyboard controller's pulse, port 92h.
    keyboard.resetRequest.connect { [unowned self] in if $0 { processor.reset() } }
    system.fastReset.connect { [unowned self] in if $0 { processor.reset() } }
  }

  private func setA20() { backplane.memory.setA20(open: keyboard.a20.level || system.fastA20.level) }

  /// All hard disks, in order.
  public var hardDisks: [HardDiskImage] { ata.flatMap { channel in [0, 1].compactMap { channel.image($0) } } }

  /// The CD-ROM drive: its channel and unit; nil if there is none.
  public var cdrom: (channel: ATAController, unit: Int)? {
    for channel in ata { for unit in 0..<2 where channel.isCDROM(unit) { return (channel, unit) } }
    return nil
  }

  /// The reset button: RESET DRV for every card, RESET for the processor.
  public func reset() {
    backplane.reset()
    processor.reset()
  }
}
