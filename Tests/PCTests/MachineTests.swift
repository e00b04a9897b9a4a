import CFirmware
import Devices
import Hardware
import PC
import Processor
import Testing

@Suite struct FirmwareTests {
  @Test func theProgramCarriesItsROMsAndItsDisk() {
    #expect(Firmware.systemBIOS.count == 64 << 10)
    #expect(Firmware.videoBIOS.count == 32 << 10)
    #expect(Firmware.welcomeDisk.count == 1_474_560)
    #expect(Array(Firmware.videoBIOS.prefix(2)) == [0x55, 0xAA])
    #expect(Firmware.videoBIOS.reduce(0, &+) == 0, "the sum of an option ROM's bytes is 0")
    #expect(Firmware.systemBIOS[0xFFF0] == 0xEA, "the reset vector is a far jump")
    #expect(Array(Firmware.welcomeDisk[510..<512]) == [0x55, 0xAA])
  }
}

@Suite struct MachineTests {
  @Test func theProcessorStartsInTheROMAtTheEndOfTheAddressSpace() throws {
    let (machine, said) = try TinyROM.saying("Hello").machine()
    machine.run(until: .zero + .milliseconds(1))
    #expect(said.text == "Hello")
    #expect(machine.now >= .zero + .milliseconds(1) && machine.outcome == nil)
  }

  @Test func shutdownOnPort8900SwitchesThePowerOff() throws {
    let (machine, _) = try TinyROM.poweringOff.machine()
    machine.run(until: .zero + .seconds(1))
    #expect(machine.outcome == .poweredOff)
    #expect(machine.now < .zero + .milliseconds(1))
    let then = machine.now
    machine.run(until: .zero + .seconds(2))
    #expect(machine.now == then)
  }

  @Test func aTripleFaultResetsTheProcessorOrStopsTheMachine() throws {
    let (machine, said) = try TinyROM.faulting.machine()
    machine.run(until: .zero + .milliseconds(1))
    #expect(machine.outcome == nil && said.bytes.count > 2)
    let (stopping, once) = try TinyROM.faulting.machine { $0.machine.onTripleFault = .stop }
    stopping.run(until: .zero + .seconds(1))
    #expect(stopping.outcome == .tripleFault && once.text == "!")
  }

  @Test func keysArriveAtTheGuestTimeTheyAreStampedWith() throws {
    let (machine, said) = try TinyROM.echoingKeyboard.machine()
    machine.run(until: .zero + .milliseconds(50))
    said.bytes = []
    machine.post(.key(.a, pressed: true), at: .zero + .milliseconds(100))
    machine.run(until: .zero + .milliseconds(100))
    #expect(said.bytes.isEmpty)
    machine.run(until: .zero + .milliseconds(110))
    #expect(!said.bytes.isEmpty)
  }

  @Test func howARunIsCutIntoPiecesMakesNoDifference() throws {
    func run(_ pieces: Int64) throws -> (String, [UInt8]) {
      let (machine, said) = try TinyROM.echoingKeyboard.machine()
      for (after, event) in Typist.events(typing: "Hello\n") { machine.post(event, at: .zero + after) }
      for piece in 1...pieces { machine.run(until: .zero + .milliseconds(600 * piece / pieces)) }
      return (try machine.stateHash(), said.bytes)
    }
    let whole = try run(1)
    let pieces = try run(97)
    #expect(whole.1.count >= 12)
    #expect(whole == pieces)
  }

  @Test func aStateLoadedIntoANewMachineGoesOnAsTheOldOneWould() throws {
    let (machine, said) = try TinyROM.echoingKeyboard.machine()
    for (after, event) in Typist.events(typing: "Hello\n") { machine.post(event, at: .zero + after) }
    machine.run(until: .zero + .milliseconds(150))
    let half = try machine.savedState().serialized()
    let before = said.bytes.count
    machine.run(until: .zero + .milliseconds(600))
    let (copy, copySaid) = try TinyROM.echoingKeyboard.machine()
    #expect(try copy.load(try SavedValue(serialized: half)).isEmpty)
    copy.run(until: .zero + .milliseconds(600))
    #expect(copySaid.bytes == Array(said.bytes[before...]))
    #expect(try copy.stateHash() == machine.stateHash())
  }

  @Test func aStateOfAnotherMachineIsRefused() throws {
    let (small, _) = try TinyROM.saying("").machine()
    let (large, _) = try TinyROM.saying("").machine { $0.memory.size = MemorySize(megabytes: 2) }
    #expect(throws: SavedStateError.self) { try large.load(try small.savedState()) }
    #expect(throws: SavedStateError.self) { try large.load(.null) }
  }

  @Test func theResetButtonStartsAgain() throws {
    let (machine, said) = try TinyROM.saying("Hello").machine()
    machine.run(until: .zero + .milliseconds(1))
    machine.reset()
    machine.run(until: .zero + .milliseconds(2))
    #expect(said.text == "HelloHello")
  }

  @Test func everyDeviceKeepsItsStateInState() throws {
    let (machine, _) = try TinyROM.saying("").machine()
    for device in machine.board.backplane.devices {
      for child in Mirror(reflecting: device).children where child.label != "state" {
        let value = child.value
        let isWiring = value is any Wiring || (value as? [any Wiring]) != nil
        let isSmall = value is any Wiring.Type || value is Int || value is String || value is Bool
        #expect(isWiring || isSmall, "\(type(of: device)).\(child.label ?? "?")")
      }
    }
  }

  @Test func aMachineThatIsLetGoIsGone() throws {
    weak var board: Motherboard?
    do {
      let (machine, _) = try TinyROM.saying("Hello").machine()
      machine.run(until: .zero + .milliseconds(1))
      board = machine.board
    }
    #expect(board == nil)
  }

  @Test func addressLine20IsOpenWhenEitherGateIs() throws {
    let (machine, _) = try TinyROM.saying("").machine()
    let memory = machine.board.backplane.memory
    #expect(memory.addressMask == 0xFFFF_FFFF)
    machine.board.keyboard.a20.lower()
    #expect(memory.addressMask == 0xFFEF_FFFF)
    machine.board.backplane.io.write8(0x92, 0x02)
    #expect(memory.addressMask == 0xFFFF_FFFF)
    machine.board.backplane.io.write8(0x92, 0x00)
    #expect(memory.addressMask == 0xFFEF_FFFF)
  }

  @Test func largeForeignROMsAreSeenBelowOneMegabyteAndAtTheEnd() throws {
    var rom = [UInt8](repeating: 0x90, count: 128 << 10)
    rom[0] = 0x11
    rom[0x1FFFF] = 0x22
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    let machine = try Machine(configuration, roms: Motherboard.ROMs(system: rom, video: []))
    let memory = machine.board.backplane.memory
    #expect(memory.read8(0xE_0000) == 0x11 && memory.read8(0xF_FFFF) == 0x22)
    #expect(memory.read8(0xFFFE_0000) == 0x11 && memory.read8(0xFFFF_FFFF) == 0x22)
  }

  @Test func theClockStartsAtTheConfiguredDateAndCountsGuestTime() throws {
    let (machine, _) = try TinyROM.saying("").machine { try? $0.set("clock.start", to: "1999-12-31 23:59:59") }
    let io = machine.board.backplane.io
    func cmos(_ index: UInt8) -> UInt8 {
      io.write8(0x70, index)
      return io.read8(0x71)
    }
    #expect([cmos(9), cmos(8), cmos(7), cmos(4)] == [0x99, 0x12, 0x31, 0x23])
    machine.run(until: .zero + .seconds(2))
    #expect([cmos(9), cmos(8), cmos(7), cmos(4)] == [0x00, 0x01, 0x01, 0x00])
  }
}
