/// What is plugged into the MIDI socket.
public enum MIDIEndpoint: ConfigurationValue {
  /// Nothing.
  case none
  /// FluidSynth with a sound font; nil: the host's own.
  case fluidSynth(String?)

  public init?(configurationText text: String) {
    if text == "none" {
      self = .none
    } else if text == "fluidsynth" {
      self = .fluidSynth(nil)
    } else if text.hasPrefix("fluidsynth:"), text.count > 11 {
      self = .fluidSynth(String(text.dropFirst(11)))
    } else {
      return nil
    }
  }
  public var configurationText: String {
    switch self {
    case .none: "none"
    case .fluidSynth(nil): "fluidsynth"
    case .fluidSynth(let path?): "fluidsynth:" + path
    }
  }
  public static var expected: String { "fluidsynth, fluidsynth:FILE.sf2 or none" }
  public func located(in directory: String) -> MIDIEndpoint {
    if case .fluidSynth(let path?) = self { return .fluidSynth(join(directory, path)) }
    return self
  }
}
