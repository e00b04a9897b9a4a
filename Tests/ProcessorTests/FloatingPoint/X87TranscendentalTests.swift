import Hardware
import Testing

@testable import Processor

/// Arguments and results rounded to nearest from a calculation with 600 bits.
private enum Exact {
  static let sine: [(Extended, Extended)] = [
    (x(0x3FFE, 0x9A1F_B3F5_70B0_EA0D), x(0x3FFE, 0x90FB_02F4_4B5E_DC4D)),
    (x(0xBFFC, 0xF624_06DC_0A3C_AF3C), x(0xBFFC, 0xF3C6_FC77_17E9_EF99)),
    (x(0x3FFF, 0x9790_D6DB_C937_ABC3), x(0x3FFE, 0xED19_0337_4B6D_C934)),
    (x(0x4000, 0xC90F_DAA2_2168_C235), x(0xBFBE, 0xECE6_75D1_FC8F_8CBB)),
    (x(0xC000, 0x9B62_D7E6_CB5E_AC2E), x(0xBFFE, 0xA795_6B3A_B0D9_2471)),
    (x(0x4010, 0xAF8B_7ABF_3118_E38F), x(0x3FFE, 0xC404_CE2E_DF44_E626)),
    (x(0x403D, 0xC0EC_C840_4487_F73E), x(0xBFFD, 0xA731_6DC6_863B_EF15)),
    (x(0x3FD0, 0xF1C3_A920_D7BC_F6A9), x(0x3FD0, 0xF1C3_A920_D7BC_F6A9)),
    (x(0x4013, 0xBFBF_8850_3FA2_F219), x(0xBFFF, 0x8000_0000_0000_0000)),
  ]

  static let cosine: [(Extended, Extended)] = [
    (x(0x3FFE, 0x9A1F_B3F5_70B0_EA0D), x(0x3FFE, 0xD2FD_5C87_87CD_3151)),
    (x(0xBFFC, 0xF624_06DC_0A3C_AF3C), x(0x3FFE, 0xF8A3_CF20_A2BE_A1B6)),
    (x(0x3FFF, 0x9790_D6DB_C937_ABC3), x(0x3FFD, 0xC116_5A7F_8606_665F)),
    (x(0x4000, 0xC90F_DAA2_2168_C235), x(0xBFFF, 0x8000_0000_0000_0000)),
    (x(0xC000, 0x9B62_D7E6_CB5E_AC2E), x(0xBFFE, 0xC186_42A2_E2ED_EF32)),
    (x(0x4010, 0xAF8B_7ABF_3118_E38F), x(0xBFFE, 0xA4A8_BF30_1C9D_6666)),
    (x(0x403D, 0xC0EC_C840_4487_F73E), x(0x3FFE, 0xF1F7_55B1_A4E5_1203)),
    (x(0x4013, 0xBFBF_8850_3FA2_F219), x(0xBFD1, 0xFD8A_9AE0_13A8_4A53)),
  ]

  static let tangent: [(Extended, Extended)] = [
    (x(0x3FFE, 0x9A1F_B3F5_70B0_EA0D), x(0x3FFE, 0xAFE8_BC2D_C742_76B4)),
    (x(0xBFFC, 0xF624_06DC_0A3C_AF3C), x(0xBFFC, 0xFAFE_5414_8DEB_F845)),
    (x(0x3FFF, 0x9790_D6DB_C937_ABC3), x(0x4000, 0x9D2C_CF2E_26FD_8C6B)),
    (x(0x4000, 0xC90F_DAA2_2168_C235), x(0x3FBE, 0xECE6_75D1_FC8F_8CBB)),
    (x(0xC000, 0x9B62_D7E6_CB5E_AC2E), x(0x3FFE, 0xDDAF_4B4C_F8FA_123E)),
    (x(0x4010, 0xAF8B_7ABF_3118_E38F), x(0xBFFF, 0x9860_B7EA_0F0F_E5AE)),
    (x(0x403D, 0xC0EC_C840_4487_F73E), x(0xBFFD, 0xB0E3_E0DF_3A19_821D)),
    (x(0x3FD0, 0xF1C3_A920_D7BC_F6A9), x(0x3FD0, 0xF1C3_A920_D7BC_F6A9)),
    (x(0x4013, 0xBFBF_8850_3FA2_F219), x(0x402C, 0x813D_BFC5_AB21_E438)),
  ]

  static let exponential: [(Extended, Extended)] = [
    (x(0x3FFE, 0xCD2F_9F76_1C09_9D9B), x(0x3FFE, 0xBE30_210F_4F78_A480)),
    (x(0xBFFE, 0x9D35_597F_BA33_BFD3), x(0xBFFD, 0xB17D_7D41_9C0F_4A86)),
    (x(0x3FFD, 0x8B39_38E5_1642_7DB0), x(0x3FFC, 0xD464_72A7_4C51_6410)),
    (x(0xBFFB, 0xC11F_9EF1_3EEB_3BE1), x(0xBFFB, 0x8194_FC0F_28A6_B52C)),
    (x(0x3FF6, 0xEEB7_32E3_6AAF_3B3E), x(0x3FF6, 0xA5AC_92FC_72D8_9219)),
    (x(0xBFF0, 0x80D0_04A2_4B59_C2CB), x(0xBFEF, 0xB291_FB3B_89A9_08C8)),
    (x(0x3FA0, 0x9FF0_47D0_E0DB_9869), x(0x3F9F, 0xDDB8_D341_A1B3_9DAD)),
  ]

  static let logarithm: [(Extended, Extended, Extended)] = [
    (x(0x3FFF, 0xC0A8_77FC_B812_0881), x(0x4001, 0xF319_BF58_DBAA_52B8), x(0x4001, 0x8F67_9E56_B1B4_32C4)),
    (x(0x3FFE, 0xCF5B_D64E_C635_51F4), x(0xC001, 0xFF3D_661F_24F1_4CD3), x(0x4000, 0x9B31_8697_2E9F_2ABB)),
    (x(0x3FFF, 0x8000_0000_0000_0001), x(0x3FFF, 0xE686_91AE_7AD8_C489), x(0x3FC1, 0xA64A_0358_6837_D7AF)),
    (x(0x3FFE, 0xFFFF_FFFF_FFFF_FFFF), x(0x3FFF, 0x82F0_A436_854B_C97B), x(0xBFBF, 0xBCE8_102D_B301_28B8)),
    (x(0x7000, 0x900D_C690_7BC6_91AC), x(0x3F00, 0x9CA0_05EB_1870_316F), x(0x3F0D, 0xEAF5_C378_4317_0EF7)),
    (x(0x0001, 0xC6C0_FC57_8081_BB8D), x(0x3FFF, 0xF0BD_E04E_F8E1_991C), x(0xC00D, 0xF0B3_F70B_C448_EAB4)),
  ]

  static let logarithmPlusOne: [(Extended, Extended, Extended)] = [
    (x(0x3FFC, 0x802C_3C65_1E3C_1AD4), x(0x4001, 0x9246_028C_97D0_7479), x(0x3FFE, 0xC718_ED92_DAD3_3B01)),
    (x(0xBFFC, 0x9A34_7555_9184_15A1), x(0x3FFF, 0x86C6_CC35_2FB1_4026), x(0xBFFC, 0xFDE2_8221_F2E6_5FFB)),
    (x(0x3FA0, 0x9FC2_3EE0_1FEC_6929), x(0xBFFF, 0xCAD6_AE58_15C7_0B7E), x(0xBFA1, 0xB69E_E2FC_0BA0_3924)),
    (x(0xBFF6, 0xCEBC_7306_CF8B_EE2E), x(0x3FFF, 0xA546_373F_412B_2BF3), x(0xBFF7, 0xC0DC_2820_8544_4EFB)),
  ]

  static let arctangent: [(Extended, Extended, Extended)] = [
    (x(0x3FFF, 0xA0CF_F35D_B7F6_1DBE), x(0x3FFF, 0xCCED_697E_D106_8807), x(0x3FFE, 0xAA54_FC1E_1818_D7EA)),
    (x(0xBFFF, 0xE055_2483_9185_A9E1), x(0xBFFE, 0xB308_DDD3_CF7B_5488), x(0xBFFF, 0xF9A9_1D4F_2339_4077)),
    (x(0x3FF0, 0x81C0_7032_5C9B_8787), x(0x3FFF, 0xE37D_D8FC_092E_0683), x(0x3FEF, 0x9202_FFF7_F714_2B19)),
    (x(0x3FF0, 0xE480_6F18_0794_5860), x(0xBFFF, 0xAF67_912F_1E71_669F), x(0x4000, 0xC90F_33E2_D9B4_A60F)),
    (x(0x4010, 0x9DBA_D81C_2081_F8C0), x(0xBFFF, 0xD768_2B33_FF1C_0794), x(0x3FFF, 0xC910_3209_43C9_8F27)),
    (x(0xC001, 0xC67C_CE22_116E_6594), x(0x3FFF, 0x8A67_D70F_6F8F_66F1), x(0xBFFF, 0xB2F8_647D_4EC7_BF94)),
  ]
}

@Suite("x87 transcendental functions")
struct X87TranscendentalTests {
  /// Distance in units of the last place.
  private func distance(_ a: Extended, _ b: Extended) -> UInt64 {
    if a.signExponent == b.signExponent {
      return a.significand > b.significand ? a.significand - b.significand : b.significand - a.significand
    }
    // The largest significand and the smallest one of the next exponent are neighbours.
    let (low, high) = a.exponent < b.exponent ? (a, b) : (b, a)
    return low.significand == .max && high.significand == 1 << 63 ? 1 : .max
  }

  @Test("FSIN, FCOS, FPTAN and F2XM1: within one unit in the last place")
  func unary() {
    let tables: [(UInt8, [(Extended, Extended)])] = [
      (0xFE, Exact.sine), (0xFF, Exact.cosine), (0xF2, Exact.tangent), (0xF0, Exact.exponential),
    ]
    for (second, rows) in tables {
      for (argument, result) in rows {
        var unit = X87(argument)
        unit.execute(0xD9, second)
        if second == 0xF2 {
          #expect(unit[0] == .one)
          unit.pop()
        }
        #expect(distance(unit[0], result) == 0)
        #expect(unit.flags == 0x0020 && !unit.status.contains(.c2))
      }
    }
  }

  @Test("FYL2X, FYL2XP1 and FPATAN: within one unit in the last place, and ST is popped")
  func binary() {
    for (second, rows) in [(0xF1, Exact.logarithm), (0xF9, Exact.logarithmPlusOne)]
      as [(UInt8, [(Extended, Extended, Extended)])]
    {
      for (argument, factor, result) in rows {
        var unit = X87(argument, factor)
        unit.execute(0xD9, second)
        #expect(unit.top == 7 && distance(unit[0], result) == 0)
      }
    }
    for (y, xValue, result) in Exact.arctangent {
      var unit = X87(xValue, y)
      unit.execute(0xD9, 0xF3)
      #expect(unit.top == 7 && distance(unit[0], result) == 0)
    }
  }

  @Test("The results follow the rounding control: down and up are neighbours around the exact value")
  func directed() {
    for (argument, result) in Exact.sine {
      var down = X87(argument, control: 0x077F)
      var up = X87(argument, control: 0x0B7F)
      down.execute(0xD9, 0xFE)
      up.execute(0xD9, 0xFE)
      #expect(distance(down[0], up[0]) == 1)
      #expect(down[0] == result || up[0] == result)
    }
  }

  @Test(
    "If the operand is outside |x| < 2^63, C2 is set and ST is unchanged",
    arguments: [0xFE, 0xFF, 0xFB, 0xF2] as [UInt8])
  func range(second: UInt8) {
    let large = x(0x3FFF + 63, 1 << 63)
    var unit = X87(large)
    unit.execute(0xD9, second)
    #expect(unit[0] == large && unit.top == 7 && unit.status.contains(.c2) && unit.flags == 0)
    unit = X87(x(0x3FFF + 62, .max))
    unit.status.insert(.c2)
    unit.execute(0xD9, second)
    #expect(!unit.status.contains(.c2) && unit.flags == 0x0020)
    unit = X87(Special.infinity)
    unit.execute(0xD9, second)
    #expect(unit[0] == .indefinite && unit.flags == 0x0001)
  }

  @Test("cos 2^-31 lies just above 1 - 2^-63 and is inexact")
  func cosineNextToRepresentable() {
    for (control, significand) in [(0x077F, UInt64.max - 1), (0x0B7F, UInt64.max)] as [(UInt16, UInt64)] {
      var unit = X87(x(0x3FFF - 31, 1 << 63), control: control)
      unit.execute(0xD9, 0xFF)
      #expect(unit[0] == x(0x3FFE, significand) && unit.flags == 0x0020)
    }
  }

  @Test("FSINCOS leaves the sine in ST(1) and the cosine in ST")
  func sineAndCosine() {
    for (argument, sine) in Exact.sine {
      var unit = X87(argument)
      unit.execute(0xD9, 0xFB)
      var cosine = X87(argument)
      cosine.execute(0xD9, 0xFF)
      #expect(unit[1] == sine && unit[0] == cosine[0] && unit.top == 6)
    }
  }

  @Test("FPATAN of zeros and infinities: the table of special operands")
  func arctangentSpecials() {
    let pi = x(0x4000, 0xC90F_DAA2_2168_C235)
    let half = x(0x3FFF, 0xC90F_DAA2_2168_C235)
    let cases: [(Extended, Extended, Extended)] = [
      (.zero, x(1), .zero), (x(0x8000, 0), .zero, x(0x8000, 0)), (.zero, x(-1), pi), (.zero, x(0x8000, 0), pi),
      (x(1), .zero, half), (Special.infinity, x(5), half), (x(1), Special.infinity, .zero),
      (x(1), x(0xFFFF, 1 << 63), pi), (Special.infinity, Special.infinity, x(0x3FFE, 0xC90F_DAA2_2168_C235)),
      (Special.infinity, x(0xFFFF, 1 << 63), x(0x4000, 0x96CB_E3F9_990E_91A8)),
    ]
    for (y, xValue, result) in cases {
      var unit = X87(xValue, y)
      unit.execute(0xD9, 0xF3)
      #expect(unit[0] == result)
    }
  }

  @Test("FYL2X of zero raises ZE, of a negative number IE, of one gives zero")
  func logarithmSpecials() {
    var unit = X87(.zero, x(2))
    unit.execute(0xD9, 0xF1)
    #expect(unit[0] == x(0xFFFF, 1 << 63) && unit.flags == 0x0004)
    unit = X87(x(-1), x(2))
    unit.execute(0xD9, 0xF1)
    #expect(unit[0] == .indefinite && unit.flags == 0x0001)
    unit = X87(x(1), x(-2))
    unit.execute(0xD9, 0xF1)
    #expect(unit[0] == x(0x8000, 0) && unit.flags == 0)
    unit = X87(x(1024), x(0.5))
    unit.execute(0xD9, 0xF1)
    #expect(unit[0] == x(5) && unit.flags == 0)
  }

  @Test("The constants are rounded as the rounding control says")
  func constants() {
    for (control, last) in [(0x037F, 0x35), (0x077F, 0x34), (0x0B7F, 0x35), (0x0F7F, 0x34)] as [(UInt16, UInt64)] {
      var unit = X87(control: control)
      unit.execute(0xD9, 0xEB)
      #expect(unit[0] == x(0x4000, 0xC90F_DAA2_2168_C200 | last) && unit.flags == 0)
    }
  }
}
