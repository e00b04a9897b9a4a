import Devices
import Hardware

extension Motherboard {
  /// The wires of sound. Closures hold the board unowned, as in `connect`.
  func connectSound(filter: Bool) {
    // The speaker: timer output 2 and port 61h bit 1.
    system.speakerData.connect { [unowned self] data in
      _ = timer.catchUp()
      speaker.setData(data, timer.state.chip.counters[2], now: backplane.scheduler.now)
    }
    timer.speaker.follow = { [unowned self] in speaker.follow($0, from: $1, to: $2) }
    timer.speaker.changed = { [unowned self] in speaker.timerChanged($0, now: backplane.scheduler.now) }
    speaker.output.refill = { [unowned self] in timer.catchUp() && speaker.state.data }

    mixer.connect(speaker.output, to: .speaker)
    if let fm { mixer.connect(fm.output, to: .fm) }
    if let soundBlaster {
      mixer.connect(soundBlaster.output, to: .voice)
      soundBlaster.pins.fm = { [unowned self] left, right in
        fm?.catchUp()
        fm?.output.input?.setGain(left, right)
      }
      soundBlaster.pins.cd = { [unowned self] left, right in mixer.setGain(left, right, channel: .cd) }
      if filter { soundBlaster.pins.filter = { [unowned self] in mixer.setLowPass($0, channel: .voice) } }
      soundBlaster.pins.tone = { [unowned self] bass, treble in
        for channel in [AudioMixer.Channel.voice, .fm, .cd] { mixer.setTone(bass, treble, channel: channel) }
      }
      soundBlaster.applyMixer()
    }
    if let cdrom { cdrom.channel.connectAudio(wake: mixer.connect(cdrom.channel, to: .cd)) }
    if let printerSound {
      mixer.connect(printerSound.output, to: .printer)
      parallel1.plug.data = { printerSound.setData($0) }
      parallel1.plug.control = { printerSound.setControl($0) }
      parallel1.plug.acknowledge = { printerSound.acknowledge }
    }
  }
}
