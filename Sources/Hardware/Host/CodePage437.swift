/// The character set in a PC's ROM.
///
/// - Source: Unicode Consortium, VENDORS/MICSFT/PC/CP437.TXT; 01h-1Fh and 7Fh as their glyphs.
public enum CodePage437 {
  private static let glyphs: [Character] = Array(
    " ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_"
      + "`abcdefghijklmnopqrstuvwxyz{|}~⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
      + "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}")

  private static let codes: [Character: UInt8] = {
    var table: [Character: UInt8] = [:]
    for (code, glyph) in glyphs.enumerated() where code > 0 && code < 256 { table[glyph] = UInt8(code) }
    return table
  }()

  /// The character that looks like the glyph of `code`; 0 and FFh look like blanks.
  public static func character(_ code: UInt8) -> Character { Int(code) < glyphs.count ? glyphs[Int(code)] : " " }

  /// The code of `character`, nil if the set hasn't it.
  public static func byte(of character: Character) -> UInt8? { codes[character] }

  /// How many glyphs the table has: 256, as a test checks.
  static var count: Int { glyphs.count }
}
