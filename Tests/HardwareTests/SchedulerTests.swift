import Hardware
import Testing

struct SchedulerTests {
  final class Journal { var entries: [String] = [] }

  private func bench(_ count: Int) -> (Scheduler, [Alarm], Journal) {
    let scheduler = Scheduler()
    let journal = Journal()
    let alarms = (0..<count).map { n in
      let alarm = Alarm()
      scheduler.attach(alarm, name: "a\(n)") { [unowned scheduler] in
        journal.entries.append("\(n)@\(scheduler.now.picoseconds)")
      }
      return alarm
    }
    return (scheduler, alarms, journal)
  }

  private func at(_ ps: Int64) -> Instant { Instant(picoseconds: ps) }

  @Test("Alarms fire in order of their deadlines, each at its own deadline")
  func order() {
    let (scheduler, alarms, journal) = bench(3)
    alarms[0].set(at: at(30))
    alarms[1].set(at: at(10))
    alarms[2].set(at: at(20))
    scheduler.advance(to: at(25))
    #expect(journal.entries == ["1@10", "2@20"])
    #expect(scheduler.now == at(25))
    #expect(scheduler.nextDeadline == at(30))
    scheduler.advance(to: at(30))
    #expect(journal.entries == ["1@10", "2@20", "0@30"])
    #expect(scheduler.nextDeadline == .never)
  }

  @Test("Equal deadlines fire in order of attachment")
  func ties() {
    let (scheduler, alarms, journal) = bench(4)
    for n in [3, 1, 2, 0] { alarms[n].set(at: at(5)) }
    scheduler.advance(to: at(5))
    #expect(journal.entries == ["0@5", "1@5", "2@5", "3@5"])
  }

  @Test("A handler may arm its alarm again and is called within the same advance")
  func rearm() {
    let scheduler = Scheduler()
    let alarm = Alarm()
    var times: [Int64] = []
    scheduler.attach(alarm, name: "tick") {
      times.append(alarm.now.picoseconds)
      alarm.set(after: Span(picoseconds: 7))
    }
    alarm.set(at: at(7))
    scheduler.advance(to: at(30))
    #expect(times == [7, 14, 21, 28])
    #expect(alarm.deadline == at(35))
  }

  @Test("A moment that has passed fires at the next advance without moving time back")
  func past() {
    let (scheduler, alarms, journal) = bench(1)
    scheduler.advance(to: at(100))
    alarms[0].set(at: at(40))
    scheduler.advance(to: at(100))
    #expect(journal.entries == ["0@100"])
    scheduler.advance(to: at(50))
    #expect(scheduler.now == at(100))
  }

  @Test("A cancelled alarm doesn't fire and has no deadline")
  func cancel() {
    let (scheduler, alarms, journal) = bench(2)
    alarms[0].set(at: at(5))
    alarms[1].set(at: at(9))
    alarms[0].cancel()
    #expect(alarms[0].deadline == nil)
    #expect(scheduler.nextDeadline == at(9))
    scheduler.advance(to: at(20))
    #expect(journal.entries == ["1@9"])
  }

  @Test("Moving time to its end fires no alarm that isn't armed")
  func endOfTime() {
    let (scheduler, alarms, journal) = bench(2)
    alarms[1].set(at: at(3))
    scheduler.advance(to: .never)
    #expect(journal.entries == ["1@3"])
  }

  @Test("A nearer deadline is announced, a farther one isn't")
  func nearer() {
    let (scheduler, alarms, _) = bench(2)
    var calls = 0
    scheduler.onNearerDeadline = { calls += 1 }
    alarms[0].set(at: at(50))
    alarms[1].set(at: at(60))
    #expect(calls == 1)
    alarms[1].set(at: at(40))
    #expect(calls == 2)
    // Putting off the nearest one makes the other nearest.
    alarms[1].set(at: at(90))
    #expect(scheduler.nextDeadline == at(50))
  }

  @Test("An alarm that isn't attached can be set without effect")
  func unattached() {
    let alarm = Alarm()
    alarm.set(after: .seconds(1))
    alarm.cancel()
    #expect(alarm.deadline == nil)
    #expect(alarm.now == .zero)
  }

  @Test("The saved state keeps time and deadlines by name")
  func saved() throws {
    let (scheduler, alarms, _) = bench(3)
    scheduler.advance(to: at(11))
    alarms[2].set(at: at(33))
    let (loaded, _) = try Scheduler.State.loading(try scheduler.state.savedValue())
    let (other, otherAlarms, journal) = bench(3)
    otherAlarms[0].set(at: at(12))
    other.state = loaded
    #expect(other.now == at(11))
    #expect(otherAlarms.map(\.deadline) == [nil, nil, at(33)])
    other.advance(to: at(40))
    #expect(journal.entries == ["2@33"])
  }

  @Test("Random arming agrees with a sorted list")
  func random() {
    var dice = Dice(7)
    let (scheduler, alarms, journal) = bench(6)
    var expected: [String] = []
    var deadlines = [Int64?](repeating: nil, count: 6)
    for _ in 0..<2_000 {
      let n = dice.below(6)
      let when = scheduler.now.picoseconds + Int64(dice.below(50)) + 1
      if dice.below(5) == 0 {
        alarms[n].cancel()
        deadlines[n] = nil
      } else {
        alarms[n].set(at: at(when))
        deadlines[n] = when
      }
      let to = scheduler.now.picoseconds + Int64(dice.below(20))
      let due = deadlines.enumerated().compactMap { i, d in d.flatMap { $0 <= to ? ($0, i) : nil } }
      for (time, i) in due.sorted(by: <) {
        expected.append("\(i)@\(time)")
        deadlines[i] = nil
      }
      scheduler.advance(to: at(to))
    }
    #expect(journal.entries == expected)
  }
}

struct LineTests {
  @Test("Listeners hear changes only, with the new level")
  func changes() {
    let line = Line()
    var heard: [Bool] = []
    line.connect { heard.append($0) }
    line.lower()
    line.raise()
    line.drive(true)
    line.lower()
    line.pulse()
    #expect(heard == [true, false, true, false])
    #expect(!line.level)
  }

  @Test("All listeners hear, in order of connection")
  func several() {
    let line = Line()
    #expect(!line.isConnected)
    var heard = ""
    line.connect { _ in heard += "a" }
    line.connect { _ in heard += "b" }
    #expect(line.isConnected)
    line.raise()
    #expect(heard == "ab")
  }
}
