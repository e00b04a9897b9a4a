/// Where reads go through without a look at anything else: one comparison tells that the access is in one piece, that
/// its page is translated, and, where a cache is modelled, that its line is the last used of its pair.
///
/// Entries stand for pages if there is no cache to look at, else for lines: 256 of them by their place in the page,
/// which is all that a set of the cache and a linear address have in common. There is a half for the supervisor and one
/// for the user, as in the software TLB. Caches of knowledge: no program can see what they hold.
struct ReadEntry {
  /// Linear address of the page or line, `void` for none.
  var tag = ReadEntry.void
  /// Host address minus linear address.
  var addend = 0

  /// No masked address: bit 3 belongs neither to lines nor to the part that tells whether an operand is in one piece.
  static let void: UInt32 = 8
  static let count = TLBEntry.count
  /// Lines of a page.
  static let lines = 256
}

extension CPU {
  /// Follows a change of the cache's model.
  func refreshReadTable() {
    let isByLine = c.pointee.memoryModel.compare != 0
    c.pointee.readShift = isByLine ? 4 : 12
    c.pointee.readIndex = isByLine ? UInt32(ReadEntry.lines - 1) : UInt32(ReadEntry.count - 1)
    c.pointee.readTagMask = isByLine ? ~15 : ~0xFFF
    voidReads()
  }

  /// Forgets everything.
  func voidReads() {
    c.pointee.readStorage.update(repeating: ReadEntry(), count: 2 * ReadEntry.count)
  }

  /// `line` is no longer the last used of its pair.
  @inline(__always) func voidReads(line: UInt32) {
    let index = Int(line & UInt32(ReadEntry.lines - 1))
    c.pointee.readStorage[index].tag = ReadEntry.void
    c.pointee.readStorage[index &+ ReadEntry.count].tag = ReadEntry.void
  }

  /// A read that is in the software TLB, but not in the table: enters it there, if it may go through next time.
  /// - Returns: its place in the host's memory; nil: not in the software TLB.
  @inline(__always) func readPlace(
    _ o: UnsafePointer<Op>, _ linear: UInt32, _ bytes: UInt32
  ) -> UnsafeMutableRawPointer? {
    let entry = c.pointee.tlb + Int((linear &>> 12) & UInt32(TLBEntry.count - 1))
    guard (linear &+ (bytes &- 1)) & 0xFFFF_F000 == entry.pointee.readTag else { return nil }
    touchAndEnter(o, entry, linear, bytes)
    return entry.pointee.host(linear)
  }

  /// A change of memory that is in the software TLB, but whose read isn't in the table.
  @inline(never) func touchAndRemember(
    _ o: UnsafePointer<Op>, _ entry: UnsafeMutablePointer<TLBEntry>, _ linear: UInt32, _ bytes: UInt32
  ) {
    touchAndEnter(o, entry, linear, bytes)
  }

  /// Looks up the line of a read in `entry`'s page, and enters it in the table, if it may go through next time.
  @inline(__always) private func touchAndEnter(
    _ o: UnsafePointer<Op>, _ entry: UnsafeMutablePointer<TLBEntry>, _ linear: UInt32, _ bytes: UInt32
  ) {
    let line = entry.pointee.line | (linear &>> 4) & 0xFF
    if c.pointee.memoryModel.compare != 0, linear & (bytes &- 1) == 0 {
      if !c.pointee.tags.isRecent(line), !bringKnown(line, linear, o) { bringSlowly(o, line, linear) }
    } else {
      touch(o, entry, linear, bytes)
    }
    if c.pointee.memoryModel.compare == 0 || c.pointee.tags.isRecent(line) {
      let place = c.pointee.reads + Int((linear &>> c.pointee.readShift) & c.pointee.readIndex)
      place.pointee = ReadEntry(tag: linear & c.pointee.readTagMask, addend: entry.pointee.addend)
    }
  }
}
