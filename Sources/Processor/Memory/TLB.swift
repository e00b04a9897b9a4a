import Hardware

/// One translation of the software TLB: linear page to host address. Direct-mapped, with separate tags per kind of
/// access; a tag is a linear page address, or 1 when void.
struct TLBEntry {
  /// Reads go through.
  var readTag: UInt32 = 1
  /// Writes go through: the page is writable, dirty, and holds no decoded code.
  var writeTag: UInt32 = 1
  /// Writes go through after a look at the page's code map: writable and dirty, but code was decoded in it.
  var codeTag: UInt32 = 1
  /// The RAM page (offset in RAM), for finding every translation of a page.
  var ramPage: UInt32 = 0xFFFF_FFFF
  /// Physical address of the page divided by 16.
  var line: UInt32 = 0
  /// Host address minus linear address.
  var addend: Int = 0
  /// A device answers: reads and writes go to it, without another walk.
  var deviceReadTag: UInt32 = 1
  var deviceWriteTag: UInt32 = 1
  /// Its physical page and number.
  var devicePage: UInt32 = 0
  var device: UInt32 = 0

  static let count = 1024

  @inline(__always) func host(_ linear: UInt32) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: addend &+ Int(linear)).unsafelyUnwrapped
  }
}

extension CPU {
  /// Drops every translation, the processor's own and the host's copies of them.
  func flushTLB() {
    s.pointee.tlb = Bank(repeating: Translation())
    flushSoftwareTLB()
  }

  /// Drops what the host remembers of translations and, since code is found through them, every entry of the jump
  /// cache. No program can see it.
  func flushSoftwareTLB() {
    c.pointee.tlbStorage.update(repeating: TLBEntry(), count: 2 * TLBEntry.count)
    voidReads()
    refreshJumpKey(newGeneration: true)
  }

  /// Drops the translation of one linear page (INVLPG).
  func flushTLB(page linear: UInt32) {
    if let index = translationIndex(linear) { dropTranslation(index) }
    let i = Int(linear >> 12) & (TLBEntry.count - 1)
    c.pointee.tlbStorage[i] = TLBEntry()
    c.pointee.tlbStorage[i + TLBEntry.count] = TLBEntry()
    voidReads()
    refreshJumpKey(newGeneration: true)
  }

  /// Selects the TLB half and the jump cache key for the current privilege and code size. Call after every change of
  /// CPL, CS.D, CR0.PE/PG or EFLAGS.VM.
  func refreshJumpKey(newGeneration: Bool = false) {
    if newGeneration {
      c.pointee.codeTranslations = 0
      c.pointee.generation &+= 1
      if c.pointee.generation >= 1 << (30 - Pipe.bits) {
        c.pointee.generation = 1
        c.pointee.jump.update(repeating: JumpEntry(), count: JumpEntry.count)
      }
    }
    let user = s.pointee.cpl == 3
    c.pointee.tlb = c.pointee.tlbStorage + (user ? TLBEntry.count : 0)
    c.pointee.reads = c.pointee.readStorage + (user ? ReadEntry.count : 0)
    let code32: UInt32 = seg(SegmentIndex.cs).pointee.isBig ? 1 : 0
    c.pointee.jumpKey = UInt64(c.pointee.generation << 2 | (user ? 2 : 0) | code32) << (32 + Pipe.bits)
  }

  /// Key of the block at `linear` in the jump cache: mode and translation generation, state of the pipeline, address.
  @inline(__always) func jumpKey(_ linear: UInt32) -> UInt64 {
    UInt64(linear) | UInt64(s.pointee.pipe) &<< 32 | c.pointee.jumpKey
  }

  /// Where in the jump cache the block at `linear` would be.
  @inline(__always) func jumpEntry(_ linear: UInt32) -> UnsafeMutablePointer<JumpEntry> {
    c.pointee.jump + Int((linear ^ UInt32(s.pointee.pipe) &<< 4) & UInt32(JumpEntry.count - 1))
  }

  /// Code was decoded in RAM page `page` for the first time: writes there must take the careful path from now on.
  func demoteWrites(toRAMPage page: UInt32) {
    for i in 0..<2 * TLBEntry.count {
      let entry = c.pointee.tlbStorage + i
      if entry.pointee.ramPage == page, entry.pointee.writeTag != 1 {
        entry.pointee.codeTag = entry.pointee.writeTag
        entry.pointee.writeTag = 1
      }
    }
  }

  /// Enters the translation of `linear` for one kind of access, keeping what is known of the same page.
  func fillTLB(
    _ linear: UInt32, physical: UInt32, host: UnsafeMutablePointer<UInt8>, write: Bool, user: Bool
  ) {
    let page = linear & ~0xFFF
    let entry = c.pointee.tlbStorage + (Int(linear >> 12) & (TLBEntry.count - 1)) + (user ? TLBEntry.count : 0)
    let addend = Int(bitPattern: host) &- Int(page)
    let known = entry.pointee.readTag == page || entry.pointee.writeTag == page || entry.pointee.codeTag == page
    if !known || entry.pointee.addend != addend { entry.pointee = TLBEntry() }
    entry.pointee.addend = addend
    entry.pointee.line = (physical >> 12) << 8
    let offset = UInt(bitPattern: host) &- UInt(bitPattern: c.pointee.ram)
    let ramPage = offset < UInt(c.pointee.ramPages) << 12 ? UInt32(truncatingIfNeeded: offset >> 12) : 0xFFFF_FFFF
    entry.pointee.ramPage = ramPage
    if !write {
      entry.pointee.readTag = page
    } else if c.pointee.isProbing {
      // Writes are being noted: none may go through.
    } else if ramPage != 0xFFFF_FFFF, c.pointee.codePages[Int(ramPage)] != 0 {
      entry.pointee.codeTag = page
    } else {
      entry.pointee.writeTag = page
    }
  }

  /// Enters a page of a device.
  func fillTLB(_ linear: UInt32, device: (index: Int, page: UInt32), write: Bool, user: Bool) {
    let page = linear & ~0xFFF
    let entry = c.pointee.tlbStorage + (Int(linear >> 12) & (TLBEntry.count - 1)) + (user ? TLBEntry.count : 0)
    let known = entry.pointee.deviceReadTag == page || entry.pointee.deviceWriteTag == page
    if !known || entry.pointee.devicePage != device.page { entry.pointee = TLBEntry() }
    entry.pointee.devicePage = device.page
    entry.pointee.device = UInt32(truncatingIfNeeded: device.index)
    if write { entry.pointee.deviceWriteTag = page } else { entry.pointee.deviceReadTag = page }
  }
}
