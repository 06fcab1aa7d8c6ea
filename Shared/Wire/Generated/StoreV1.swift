// Made by scripts/generate-protos.sh from lauter/store/v1/store.proto.
// swift-format-ignore-file

package import CProtos
public import RPC

/// The contract `lauter.store.v1`.
public enum StoreV1 {}

extension StoreV1 {
  /// `lauter/store/v1/store.proto`, for reflection.
  public static let storeProto = ProtoFile(
    "lauter/store/v1/store.proto", imports: [],
    descriptor: """
      ChtsYXV0ZXIvc3RvcmUvdjEvc3RvcmUucHJvdG8SD2xhdXRlci5zdG9yZS52MSKvAgoHRGF0YXNl\
      dBISCgRuYW1lGAEgASgJUgRuYW1lEh4KCmd1aWRlbGluZXMYAiABKAlSCmd1aWRlbGluZXMSMgoG\
      ZmllbGRzGAMgAygLMhoubGF1dGVyLnN0b3JlLnYxLlRleHRGaWVsZFIGZmllbGRzEjUKCHF1ZXN0\
      aW9uGAQgASgLMhkubGF1dGVyLnN0b3JlLnYxLlF1ZXN0aW9uUghxdWVzdGlvbhInCg9wcm9tcHRf\
      dGVtcGxhdGUYBSABKAlSDnByb21wdFRlbXBsYXRlEiQKDmNyZWF0ZV90aW1lX21zGAYgASgDUgxj\
      cmVhdGVUaW1lTXMSNgoGY291bnRzGAcgASgLMh4ubGF1dGVyLnN0b3JlLnYxLkRhdGFzZXRDb3Vu\
      dHNSBmNvdW50cyJRCglUZXh0RmllbGQSEgoEbmFtZRgBIAEoCVIEbmFtZRIUCgV0aXRsZRgCIAEo\
      CVIFdGl0bGUSGgoIb3B0aW9uYWwYAyABKAhSCG9wdGlvbmFsIpcBCghRdWVzdGlvbhISCgRuYW1l\
      GAEgASgJUgRuYW1lEhQKBXRpdGxlGAIgASgJUgV0aXRsZRIxCgRraW5kGAMgASgOMh0ubGF1dGVy\
      LnN0b3JlLnYxLlF1ZXN0aW9uS2luZFIEa2luZBIuCgZsYWJlbHMYBCADKAsyFi5sYXV0ZXIuc3Rv\
      cmUudjEuTGFiZWxSBmxhYmVscyI9CgVMYWJlbBISCgRuYW1lGAEgASgJUgRuYW1lEiAKC2Rlc2Ny\
      aXB0aW9uGAIgASgJUgtkZXNjcmlwdGlvbiLTAgoNRGF0YXNldENvdW50cxIYCgdyZWNvcmRzGAEg\
      ASgEUgdyZWNvcmRzEhgKB3BlbmRpbmcYAiABKARSB3BlbmRpbmcSHAoJY29tcGxldGVkGAMgASgE\
      Ugljb21wbGV0ZWQSHAoJZGlzY2FyZGVkGAQgASgEUglkaXNjYXJkZWQSMwoGc3BsaXRzGAUgAygL\
      MhsubGF1dGVyLnN0b3JlLnYxLlNwbGl0Q291bnRSBnNwbGl0cxIzCgZhZ2VudHMYBiADKAsyGy5s\
      YXV0ZXIuc3RvcmUudjEuQWdlbnRDb3VudFIGYWdlbnRzEjMKBmxhYmVscxgHIAMoCzIbLmxhdXRl\
      ci5zdG9yZS52MS5MYWJlbENvdW50UgZsYWJlbHMSMwoGcXVldWVzGAggAygLMhsubGF1dGVyLnN0\
      b3JlLnYxLlF1ZXVlQ291bnRSBnF1ZXVlcyJyCgpTcGxpdENvdW50EiwKBXNwbGl0GAEgASgOMhYu\
      bGF1dGVyLnN0b3JlLnYxLlNwbGl0UgVzcGxpdBIYCgdyZWNvcmRzGAIgASgEUgdyZWNvcmRzEhwK\
      CWNvbXBsZXRlZBgDIAEoBFIJY29tcGxldGVkImAKCkFnZW50Q291bnQSFAoFYWdlbnQYASABKAlS\
      BWFnZW50EiAKC3N1Z2dlc3Rpb25zGAIgASgEUgtzdWdnZXN0aW9ucxIaCghmYWlsdXJlcxgDIAEo\
      BFIIZmFpbHVyZXMiQAoKTGFiZWxDb3VudBIUCgVsYWJlbBgBIAEoCVIFbGFiZWwSHAoJcmVzcG9u\
      c2VzGAIgASgEUglyZXNwb25zZXMiPAoKUXVldWVDb3VudBIUCgVxdWV1ZRgBIAEoCVIFcXVldWUS\
      GAoHcmVjb3JkcxgCIAEoBFIHcmVjb3JkcyJKChRDcmVhdGVEYXRhc2V0UmVxdWVzdBIyCgdkYXRh\
      c2V0GAEgASgLMhgubGF1dGVyLnN0b3JlLnYxLkRhdGFzZXRSB2RhdGFzZXQiSwoVQ3JlYXRlRGF0\
      YXNldFJlc3BvbnNlEjIKB2RhdGFzZXQYASABKAsyGC5sYXV0ZXIuc3RvcmUudjEuRGF0YXNldFIH\
      ZGF0YXNldCInChFHZXREYXRhc2V0UmVxdWVzdBISCgRuYW1lGAEgASgJUgRuYW1lIkgKEkdldERh\
      dGFzZXRSZXNwb25zZRIyCgdkYXRhc2V0GAEgASgLMhgubGF1dGVyLnN0b3JlLnYxLkRhdGFzZXRS\
      B2RhdGFzZXQiFQoTTGlzdERhdGFzZXRzUmVxdWVzdCJMChRMaXN0RGF0YXNldHNSZXNwb25zZRI0\
      CghkYXRhc2V0cxgBIAMoCzIYLmxhdXRlci5zdG9yZS52MS5EYXRhc2V0UghkYXRhc2V0cyLUBAoG\
      UmVjb3JkEg4KAmlkGAEgASgDUgJpZBIfCgtleHRlcm5hbF9pZBgCIAEoCVIKZXh0ZXJuYWxJZBI7\
      CgZmaWVsZHMYAyADKAsyIy5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkLkZpZWxkc0VudHJ5UgZmaWVs\
      ZHMSQQoIbWV0YWRhdGEYBCADKAsyJS5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkLk1ldGFkYXRhRW50\
      cnlSCG1ldGFkYXRhEiwKBXNwbGl0GAUgASgOMhYubGF1dGVyLnN0b3JlLnYxLlNwbGl0UgVzcGxp\
      dBI1CgZzdGF0dXMYBiABKA4yHS5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkU3RhdHVzUgZzdGF0dXMS\
      PQoLc3VnZ2VzdGlvbnMYByADKAsyGy5sYXV0ZXIuc3RvcmUudjEuU3VnZ2VzdGlvblILc3VnZ2Vz\
      dGlvbnMSNwoJcmVzcG9uc2VzGAggAygLMhkubGF1dGVyLnN0b3JlLnYxLlJlc3BvbnNlUglyZXNw\
      b25zZXMSJAoOY3JlYXRlX3RpbWVfbXMYCSABKANSDGNyZWF0ZVRpbWVNcxo5CgtGaWVsZHNFbnRy\
      eRIQCgNrZXkYASABKAlSA2tleRIUCgV2YWx1ZRgCIAEoCVIFdmFsdWU6AjgBGlsKDU1ldGFkYXRh\
      RW50cnkSEAoDa2V5GAEgASgJUgNrZXkSNAoFdmFsdWUYAiABKAsyHi5sYXV0ZXIuc3RvcmUudjEu\
      TWV0YWRhdGFWYWx1ZVIFdmFsdWU6AjgBIl0KDU1ldGFkYXRhVmFsdWUSFAoEdGV4dBgBIAEoCUgA\
      UgR0ZXh0EhgKBm51bWJlchgCIAEoAUgAUgZudW1iZXISFAoEZmxhZxgDIAEoCEgAUgRmbGFnQgYK\
      BGtpbmQi6gEKClN1Z2dlc3Rpb24SGwoJcmVjb3JkX2lkGAEgASgDUghyZWNvcmRJZBIUCgVhZ2Vu\
      dBgCIAEoCVIFYWdlbnQSFgoFbGFiZWwYAyABKAlIAFIFbGFiZWwSPgoHZmFpbHVyZRgEIAEoCzIi\
      LmxhdXRlci5zdG9yZS52MS5TdWdnZXN0aW9uRmFpbHVyZUgAUgdmYWlsdXJlEhYKBXNjb3JlGAUg\
      ASgBSAFSBXNjb3JlEiQKDmNyZWF0ZV90aW1lX21zGAYgASgDUgxjcmVhdGVUaW1lTXNCCQoHb3V0\
      Y29tZUIICgZzY29yZV8iZwoRU3VnZ2VzdGlvbkZhaWx1cmUSOgoEa2luZBgBIAEoDjImLmxhdXRl\
      ci5zdG9yZS52MS5TdWdnZXN0aW9uRmFpbHVyZUtpbmRSBGtpbmQSFgoGZGV0YWlsGAIgASgJUgZk\
      ZXRhaWwisAEKCFJlc3BvbnNlEhsKCXJlY29yZF9pZBgBIAEoA1IIcmVjb3JkSWQSEgoEdXNlchgC\
      IAEoCVIEdXNlchIUCgVsYWJlbBgDIAEoCVIFbGFiZWwSNwoGc3RhdHVzGAQgASgOMh8ubGF1dGVy\
      LnN0b3JlLnYxLlJlc3BvbnNlU3RhdHVzUgZzdGF0dXMSJAoOY3JlYXRlX3RpbWVfbXMYBSABKANS\
      DGNyZWF0ZVRpbWVNcyKrAQoUSW1wb3J0UmVjb3Jkc1JlcXVlc3QSGAoHZGF0YXNldBgBIAEoCVIH\
      ZGF0YXNldBI3CgdyZWNvcmRzGAIgAygLMh0ubGF1dGVyLnN0b3JlLnYxLkltcG9ydFJlY29yZFIH\
      cmVjb3JkcxIjCg12YWxpZGF0ZV9vbmx5GAMgASgIUgx2YWxpZGF0ZU9ubHkSGwoJaG9sZF9iYWNr\
      GAQgASgBUghob2xkQmFjayKNBAoMSW1wb3J0UmVjb3JkEhIKBGxpbmUYASABKARSBGxpbmUSHwoL\
      ZXh0ZXJuYWxfaWQYAiABKAlSCmV4dGVybmFsSWQSQQoGZmllbGRzGAMgAygLMikubGF1dGVyLnN0\
      b3JlLnYxLkltcG9ydFJlY29yZC5GaWVsZHNFbnRyeVIGZmllbGRzEkcKCG1ldGFkYXRhGAQgAygL\
      MisubGF1dGVyLnN0b3JlLnYxLkltcG9ydFJlY29yZC5NZXRhZGF0YUVudHJ5UghtZXRhZGF0YRIs\
      CgVzcGxpdBgFIAEoDjIWLmxhdXRlci5zdG9yZS52MS5TcGxpdFIFc3BsaXQSNwoJcmVzcG9uc2Vz\
      GAYgAygLMhkubGF1dGVyLnN0b3JlLnYxLlJlc3BvbnNlUglyZXNwb25zZXMSPQoLc3VnZ2VzdGlv\
      bnMYByADKAsyGy5sYXV0ZXIuc3RvcmUudjEuU3VnZ2VzdGlvblILc3VnZ2VzdGlvbnMaOQoLRmll\
      bGRzRW50cnkSEAoDa2V5GAEgASgJUgNrZXkSFAoFdmFsdWUYAiABKAlSBXZhbHVlOgI4ARpbCg1N\
      ZXRhZGF0YUVudHJ5EhAKA2tleRgBIAEoCVIDa2V5EjQKBXZhbHVlGAIgASgLMh4ubGF1dGVyLnN0\
      b3JlLnYxLk1ldGFkYXRhVmFsdWVSBXZhbHVlOgI4ASKqAQoVSW1wb3J0UmVjb3Jkc1Jlc3BvbnNl\
      EhoKCGltcG9ydGVkGAEgASgEUghpbXBvcnRlZBIcCgl1bmNoYW5nZWQYAiABKARSCXVuY2hhbmdl\
      ZBI6Cghwcm9ibGVtcxgDIAMoCzIeLmxhdXRlci5zdG9yZS52MS5JbXBvcnRQcm9ibGVtUghwcm9i\
      bGVtcxIbCgloZWxkX2JhY2sYBCABKARSCGhlbGRCYWNrInQKDUltcG9ydFByb2JsZW0SEgoEbGlu\
      ZRgBIAEoBFIEbGluZRIfCgtleHRlcm5hbF9pZBgCIAEoCVIKZXh0ZXJuYWxJZBIUCgVmaWVsZBgD\
      IAEoCVIFZmllbGQSGAoHbWVzc2FnZRgEIAEoCVIHbWVzc2FnZSKfAgoMUmVjb3JkRmlsdGVyEhgK\
      B2RhdGFzZXQYASABKAlSB2RhdGFzZXQSNQoGc3RhdHVzGAIgASgOMh0ubGF1dGVyLnN0b3JlLnYx\
      LlJlY29yZFN0YXR1c1IGc3RhdHVzEiwKBXNwbGl0GAMgASgOMhYubGF1dGVyLnN0b3JlLnYxLlNw\
      bGl0UgVzcGxpdBIyChV3aXRob3V0X3N1Z2dlc3Rpb25fYnkYBCABKAlSE3dpdGhvdXRTdWdnZXN0\
      aW9uQnkSLAoSd2l0aF9zdWdnZXN0aW9uX2J5GAUgASgJUhB3aXRoU3VnZ2VzdGlvbkJ5Ei4KE3dp\
      dGhvdXRfcmVzcG9uc2VfYnkYBiABKAlSEXdpdGhvdXRSZXNwb25zZUJ5IlIKBVF1ZXVlEhIKBG5h\
      bWUYASABKAlSBG5hbWUSNQoHZW50cmllcxgCIAMoCzIbLmxhdXRlci5zdG9yZS52MS5RdWV1ZUVu\
      dHJ5UgdlbnRyaWVzIlUKClF1ZXVlRW50cnkSGwoJcmVjb3JkX2lkGAEgASgDUghyZWNvcmRJZBIU\
      CgVzY29yZRgCIAEoAVIFc2NvcmUSFAoFbGFiZWwYAyABKAlSBWxhYmVsIn4KEExpc3RRdWV1ZVJl\
      cXVlc3QSGAoHZGF0YXNldBgBIAEoCVIHZGF0YXNldBIUCgVxdWV1ZRgCIAEoCVIFcXVldWUSGwoJ\
      cGFnZV9zaXplGAMgASgNUghwYWdlU2l6ZRIdCgpwYWdlX3Rva2VuGAQgASgJUglwYWdlVG9rZW4i\
      pAEKEUxpc3RRdWV1ZVJlc3BvbnNlEjcKB3JlY29yZHMYASADKAsyHS5sYXV0ZXIuc3RvcmUudjEu\
      UXVldWVkUmVjb3JkUgdyZWNvcmRzEiYKD25leHRfcGFnZV90b2tlbhgCIAEoCVINbmV4dFBhZ2VU\
      b2tlbhIUCgVtb2RlbBgDIAEoCVIFbW9kZWwSGAoHdmVyc2lvbhgEIAEoBFIHdmVyc2lvbiJrCgxR\
      dWV1ZWRSZWNvcmQSLwoGcmVjb3JkGAEgASgLMhcubGF1dGVyLnN0b3JlLnYxLlJlY29yZFIGcmVj\
      b3JkEhQKBXNjb3JlGAIgASgBUgVzY29yZRIUCgVsYWJlbBgDIAEoCVIFbGFiZWwiaAoQR2V0UmVj\
      b3JkUmVxdWVzdBIYCgdkYXRhc2V0GAEgASgJUgdkYXRhc2V0EhAKAmlkGAIgASgDSABSAmlkEiEK\
      C2V4dGVybmFsX2lkGAMgASgJSABSCmV4dGVybmFsSWRCBQoDa2V5IkQKEUdldFJlY29yZFJlc3Bv\
      bnNlEi8KBnJlY29yZBgBIAEoCzIXLmxhdXRlci5zdG9yZS52MS5SZWNvcmRSBnJlY29yZCKHAQoS\
      TGlzdFJlY29yZHNSZXF1ZXN0EjUKBmZpbHRlchgBIAEoCzIdLmxhdXRlci5zdG9yZS52MS5SZWNv\
      cmRGaWx0ZXJSBmZpbHRlchIbCglwYWdlX3NpemUYAiABKA1SCHBhZ2VTaXplEh0KCnBhZ2VfdG9r\
      ZW4YAyABKAlSCXBhZ2VUb2tlbiJwChNMaXN0UmVjb3Jkc1Jlc3BvbnNlEjEKB3JlY29yZHMYASAD\
      KAsyFy5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkUgdyZWNvcmRzEiYKD25leHRfcGFnZV90b2tlbhgC\
      IAEoCVINbmV4dFBhZ2VUb2tlbiJNChRFeHBvcnRSZWNvcmRzUmVxdWVzdBI1CgZmaWx0ZXIYASAB\
      KAsyHS5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkRmlsdGVyUgZmaWx0ZXIiSgoVRXhwb3J0UmVjb3Jk\
      c1Jlc3BvbnNlEjEKB3JlY29yZHMYASADKAsyFy5sYXV0ZXIuc3RvcmUudjEuUmVjb3JkUgdyZWNv\
      cmRzIqABChdXcml0ZVN1Z2dlc3Rpb25zUmVxdWVzdBIYCgdkYXRhc2V0GAEgASgJUgdkYXRhc2V0\
      Ej0KC3N1Z2dlc3Rpb25zGAIgAygLMhsubGF1dGVyLnN0b3JlLnYxLlN1Z2dlc3Rpb25SC3N1Z2dl\
      c3Rpb25zEiwKBWxlYXNlGAMgASgLMhYubGF1dGVyLnN0b3JlLnYxLkxlYXNlUgVsZWFzZSIaChhX\
      cml0ZVN1Z2dlc3Rpb25zUmVzcG9uc2UiagoVV3JpdGVSZXNwb25zZXNSZXF1ZXN0EhgKB2RhdGFz\
      ZXQYASABKAlSB2RhdGFzZXQSNwoJcmVzcG9uc2VzGAIgAygLMhkubGF1dGVyLnN0b3JlLnYxLlJl\
      c3BvbnNlUglyZXNwb25zZXMiGAoWV3JpdGVSZXNwb25zZXNSZXNwb25zZSJiChVEZWxldGVSZXNw\
      b25zZVJlcXVlc3QSGAoHZGF0YXNldBgBIAEoCVIHZGF0YXNldBIbCglyZWNvcmRfaWQYAiABKANS\
      CHJlY29yZElkEhIKBHVzZXIYAyABKAlSBHVzZXIiGAoWRGVsZXRlUmVzcG9uc2VSZXNwb25zZSKn\
      BQoDSm9iEg4KAmlkGAEgASgJUgJpZBIYCgdkYXRhc2V0GAIgASgJUgdkYXRhc2V0Ej4KCWxhYmVs\
      bGluZxgDIAEoCzIeLmxhdXRlci5zdG9yZS52MS5MYWJlbGxpbmdTcGVjSABSCWxhYmVsbGluZxI7\
      Cgh0cmFpbmluZxgEIAEoCzIdLmxhdXRlci5zdG9yZS52MS5UcmFpbmluZ1NwZWNIAFIIdHJhaW5p\
      bmcSLwoFc3RhdGUYBSABKA4yGS5sYXV0ZXIuc3RvcmUudjEuSm9iU3RhdGVSBXN0YXRlEjgKCHBy\
      b2dyZXNzGAYgASgLMhwubGF1dGVyLnN0b3JlLnYxLkpvYlByb2dyZXNzUghwcm9ncmVzcxIUCgVl\
      cnJvchgHIAEoCVIFZXJyb3ISTQoQbGFiZWxsaW5nX3Jlc3VsdBgIIAEoCzIgLmxhdXRlci5zdG9y\
      ZS52MS5MYWJlbGxpbmdSZXN1bHRIAVIPbGFiZWxsaW5nUmVzdWx0EkoKD3RyYWluaW5nX3Jlc3Vs\
      dBgJIAEoCzIfLmxhdXRlci5zdG9yZS52MS5UcmFpbmluZ1Jlc3VsdEgBUg50cmFpbmluZ1Jlc3Vs\
      dBIYCgdhdHRlbXB0GAogASgNUgdhdHRlbXB0EhYKBndvcmtlchgLIAEoCVIGd29ya2VyEiQKDmNy\
      ZWF0ZV90aW1lX21zGAwgASgDUgxjcmVhdGVUaW1lTXMSIgoNc3RhcnRfdGltZV9tcxgNIAEoA1IL\
      c3RhcnRUaW1lTXMSJAoOZmluaXNoX3RpbWVfbXMYDiABKANSDGZpbmlzaFRpbWVNcxIpChBjYW5j\
      ZWxfcmVxdWVzdGVkGA8gASgIUg9jYW5jZWxSZXF1ZXN0ZWRCBgoEc3BlY0IICgZyZXN1bHQi4wEK\
      C0pvYlByb2dyZXNzEhQKBXBoYXNlGAEgASgJUgVwaGFzZRISCgRkb25lGAIgASgEUgRkb25lEhQK\
      BXRvdGFsGAMgASgEUgV0b3RhbBIUCgRsb3NzGAQgASgBSABSBGxvc3MSKgoQdGV4dHNfcGVyX3Nl\
      Y29uZBgFIAEoAUgBUg50ZXh0c1BlclNlY29uZBIjCgxzZWNvbmRzX2xlZnQYBiABKAFIAlILc2Vj\
      b25kc0xlZnRCBwoFbG9zc19CEwoRdGV4dHNfcGVyX3NlY29uZF9CDwoNc2Vjb25kc19sZWZ0XyKU\
      AQoNTGFiZWxsaW5nU3BlYxIUCgVzaG90cxgBIAEoDVIFc2hvdHMSFAoFbGltaXQYAiABKARSBWxp\
      bWl0EikKEGluY2x1ZGVfcmV2aWV3ZWQYAyABKAhSD2luY2x1ZGVSZXZpZXdlZBIsCgVzcGxpdBgE\
      IAEoDjIWLmxhdXRlci5zdG9yZS52MS5TcGxpdFIFc3BsaXQiXQoPTGFiZWxsaW5nUmVzdWx0EhQK\
      BWFnZW50GAEgASgJUgVhZ2VudBIcCglzdWdnZXN0ZWQYAiABKARSCXN1Z2dlc3RlZBIWCgZmYWls\
      ZWQYAyABKARSBmZhaWxlZCL5CQoMVHJhaW5pbmdTcGVjEhQKBW1vZGVsGAEgASgJUgVtb2RlbBIY\
      CgdlbmNvZGVyGAIgASgJUgdlbmNvZGVyEicKD3VzZV9zdWdnZXN0aW9ucxgDIAEoCFIOdXNlU3Vn\
      Z2VzdGlvbnMSFAoFYWdlbnQYBCABKAlSBWFnZW50EhQKBXNob3RzGAUgASgNUgVzaG90cxIUCgRz\
      ZWVkGAYgASgESABSBHNlZWQSHwoLYm9keV9lcG9jaHMYByABKA1SCmJvZHlFcG9jaHMSJgoPYm9k\
      eV9iYXRjaF9zaXplGAggASgNUg1ib2R5QmF0Y2hTaXplEiwKEmJvZHlfbGVhcm5pbmdfcmF0ZRgJ\
      IAEoAVIQYm9keUxlYXJuaW5nUmF0ZRIbCgltYXhfc3RlcHMYCiABKA1SCG1heFN0ZXBzEk4KEXNh\
      bXBsaW5nX3N0cmF0ZWd5GAsgASgOMiEubGF1dGVyLnN0b3JlLnYxLlNhbXBsaW5nU3RyYXRlZ3lS\
      EHNhbXBsaW5nU3RyYXRlZ3kSJQoObnVtX2l0ZXJhdGlvbnMYDCABKA1SDW51bUl0ZXJhdGlvbnMS\
      LQoRd2FybXVwX3Byb3BvcnRpb24YDSABKAFIAVIQd2FybXVwUHJvcG9ydGlvbhIdCglsMl93ZWln\
      aHQYDiABKAFIAlIIbDJXZWlnaHQSHQoKbWF4X2xlbmd0aBgPIAEoDVIJbWF4TGVuZ3RoEhUKBmhl\
      YWRfYxgQIAEoAVIFaGVhZEMSHwoLZnJlZXplX2JvZHkYESABKAhSCmZyZWV6ZUJvZHkSFgoGcmVj\
      aXBlGBIgASgJUgZyZWNpcGUSFgoFZm9sZHMYEyABKA1IA1IFZm9sZHMSJQoObm9fc3VnZ2VzdGlv\
      bnMYFCABKAhSDW5vU3VnZ2VzdGlvbnMSKQoEbG9zcxgVIAEoDjIVLmxhdXRlci5zdG9yZS52MS5M\
      b3NzUgRsb3NzEkgKD2Rpc3RhbmNlX21ldHJpYxgWIAEoDjIfLmxhdXRlci5zdG9yZS52MS5EaXN0\
      YW5jZU1ldHJpY1IOZGlzdGFuY2VNZXRyaWMSGAoGbWFyZ2luGBcgASgBSARSBm1hcmdpbhItCgRo\
      ZWFkGBggASgOMhkubGF1dGVyLnN0b3JlLnYxLkhlYWRLaW5kUgRoZWFkEiUKDmJhbGFuY2VfbGFi\
      ZWxzGBkgASgIUg1iYWxhbmNlTGFiZWxzEh8KC2hlYWRfZXBvY2hzGBogASgNUgpoZWFkRXBvY2hz\
      EiYKD2hlYWRfYmF0Y2hfc2l6ZRgbIAEoDVINaGVhZEJhdGNoU2l6ZRIsChJoZWFkX2xlYXJuaW5n\
      X3JhdGUYHCABKAFSEGhlYWRMZWFybmluZ1JhdGUSKQoQaGVhZF90ZW1wZXJhdHVyZRgdIAEoAVIP\
      aGVhZFRlbXBlcmF0dXJlEhwKCmVuZF90b19lbmQYHiABKAhSCGVuZFRvRW5kEkEKHWJvZHlfY2xh\
      c3NpZmllcl9sZWFybmluZ19yYXRlGB8gASgBUhpib2R5Q2xhc3NpZmllckxlYXJuaW5nUmF0ZRId\
      Cgpub19kcm9wb3V0GCAgASgIUglub0Ryb3BvdXRCBwoFc2VlZF9CFAoSd2FybXVwX3Byb3BvcnRp\
      b25fQgwKCmwyX3dlaWdodF9CCAoGZm9sZHNfQgkKB21hcmdpbl8iygEKDlRyYWluaW5nUmVzdWx0\
      EhQKBW1vZGVsGAEgASgJUgVtb2RlbBIYCgd2ZXJzaW9uGAIgASgEUgd2ZXJzaW9uEjsKCmV2YWx1\
      YXRpb24YAyABKAsyGy5sYXV0ZXIuc3RvcmUudjEuRXZhbHVhdGlvblIKZXZhbHVhdGlvbhJLChBj\
      cm9zc192YWxpZGF0aW9uGAQgASgLMiAubGF1dGVyLnN0b3JlLnYxLkNyb3NzVmFsaWRhdGlvblIP\
      Y3Jvc3NWYWxpZGF0aW9uIjgKBUxlYXNlEhUKBmpvYl9pZBgBIAEoCVIFam9iSWQSGAoHYXR0ZW1w\
      dBgCIAEoDVIHYXR0ZW1wdCKxAQoQQ3JlYXRlSm9iUmVxdWVzdBIYCgdkYXRhc2V0GAEgASgJUgdk\
      YXRhc2V0Ej4KCWxhYmVsbGluZxgCIAEoCzIeLmxhdXRlci5zdG9yZS52MS5MYWJlbGxpbmdTcGVj\
      SABSCWxhYmVsbGluZxI7Cgh0cmFpbmluZxgDIAEoCzIdLmxhdXRlci5zdG9yZS52MS5UcmFpbmlu\
      Z1NwZWNIAFIIdHJhaW5pbmdCBgoEc3BlYyI7ChFDcmVhdGVKb2JSZXNwb25zZRImCgNqb2IYASAB\
      KAsyFC5sYXV0ZXIuc3RvcmUudjEuSm9iUgNqb2IiHwoNR2V0Sm9iUmVxdWVzdBIOCgJpZBgBIAEo\
      CVICaWQiOAoOR2V0Sm9iUmVzcG9uc2USJgoDam9iGAEgASgLMhQubGF1dGVyLnN0b3JlLnYxLkpv\
      YlIDam9iIisKD0xpc3RKb2JzUmVxdWVzdBIYCgdkYXRhc2V0GAEgASgJUgdkYXRhc2V0IjwKEExp\
      c3RKb2JzUmVzcG9uc2USKAoEam9icxgBIAMoCzIULmxhdXRlci5zdG9yZS52MS5Kb2JSBGpvYnMi\
      IQoPV2F0Y2hKb2JSZXF1ZXN0Eg4KAmlkGAEgASgJUgJpZCI6ChBXYXRjaEpvYlJlc3BvbnNlEiYK\
      A2pvYhgBIAEoCzIULmxhdXRlci5zdG9yZS52MS5Kb2JSA2pvYiIiChBDYW5jZWxKb2JSZXF1ZXN0\
      Eg4KAmlkGAEgASgJUgJpZCI7ChFDYW5jZWxKb2JSZXNwb25zZRImCgNqb2IYASABKAsyFC5sYXV0\
      ZXIuc3RvcmUudjEuSm9iUgNqb2IicAoPQ2xhaW1Kb2JSZXF1ZXN0EiwKBGtpbmQYASABKA4yGC5s\
      YXV0ZXIuc3RvcmUudjEuSm9iS2luZFIEa2luZBIWCgZ3b3JrZXIYAiABKAlSBndvcmtlchIXCgd3\
      YWl0X21zGAMgASgNUgZ3YWl0TXMigwEKEENsYWltSm9iUmVzcG9uc2USJgoDam9iGAEgASgLMhQu\
      bGF1dGVyLnN0b3JlLnYxLkpvYlIDam9iEiwKBWxlYXNlGAIgASgLMhYubGF1dGVyLnN0b3JlLnYx\
      LkxlYXNlUgVsZWFzZRIZCghsZWFzZV9tcxgDIAEoDVIHbGVhc2VNcyJ9ChNIZWFydGJlYXRKb2JS\
      ZXF1ZXN0EiwKBWxlYXNlGAEgASgLMhYubGF1dGVyLnN0b3JlLnYxLkxlYXNlUgVsZWFzZRI4Cghw\
      cm9ncmVzcxgCIAEoCzIcLmxhdXRlci5zdG9yZS52MS5Kb2JQcm9ncmVzc1IIcHJvZ3Jlc3MiQQoU\
      SGVhcnRiZWF0Sm9iUmVzcG9uc2USKQoQY2FuY2VsX3JlcXVlc3RlZBgBIAEoCFIPY2FuY2VsUmVx\
      dWVzdGVkIqwCChBGaW5pc2hKb2JSZXF1ZXN0EiwKBWxlYXNlGAEgASgLMhYubGF1dGVyLnN0b3Jl\
      LnYxLkxlYXNlUgVsZWFzZRIvCgVzdGF0ZRgCIAEoDjIZLmxhdXRlci5zdG9yZS52MS5Kb2JTdGF0\
      ZVIFc3RhdGUSFAoFZXJyb3IYAyABKAlSBWVycm9yEk0KEGxhYmVsbGluZ19yZXN1bHQYBCABKAsy\
      IC5sYXV0ZXIuc3RvcmUudjEuTGFiZWxsaW5nUmVzdWx0SABSD2xhYmVsbGluZ1Jlc3VsdBJKCg90\
      cmFpbmluZ19yZXN1bHQYBSABKAsyHy5sYXV0ZXIuc3RvcmUudjEuVHJhaW5pbmdSZXN1bHRIAFIO\
      dHJhaW5pbmdSZXN1bHRCCAoGcmVzdWx0IhMKEUZpbmlzaEpvYlJlc3BvbnNlIlEKBEZpbGUSEgoE\
      cGF0aBgBIAEoCVIEcGF0aBIWCgZkaWdlc3QYAiABKAlSBmRpZ2VzdBIdCgpzaXplX2J5dGVzGAMg\
      ASgEUglzaXplQnl0ZXMiRQoVVXBsb2FkQXJ0ZWZhY3RSZXF1ZXN0EhYKBmRpZ2VzdBgBIAEoCVIG\
      ZGlnZXN0EhQKBWNodW5rGAIgASgMUgVjaHVuayJPChZVcGxvYWRBcnRlZmFjdFJlc3BvbnNlEhYK\
      BmRpZ2VzdBgBIAEoCVIGZGlnZXN0Eh0KCnNpemVfYnl0ZXMYAiABKARSCXNpemVCeXRlcyJJChdE\
      b3dubG9hZEFydGVmYWN0UmVxdWVzdBIWCgZkaWdlc3QYASABKAlSBmRpZ2VzdBIWCgZvZmZzZXQY\
      AiABKARSBm9mZnNldCJPChhEb3dubG9hZEFydGVmYWN0UmVzcG9uc2USFAoFY2h1bmsYASABKAxS\
      BWNodW5rEh0KCnNpemVfYnl0ZXMYAiABKARSCXNpemVCeXRlcyIwChRGaW5kQXJ0ZWZhY3RzUmVx\
      dWVzdBIYCgdkaWdlc3RzGAEgAygJUgdkaWdlc3RzIi0KFUZpbmRBcnRlZmFjdHNSZXNwb25zZRIU\
      CgVmb3VuZBgBIAMoCVIFZm91bmQivwEKB0VuY29kZXISEgoEbmFtZRgBIAEoCVIEbmFtZRIWCgZk\
      aWdlc3QYAiABKAlSBmRpZ2VzdBIrCgVmaWxlcxgDIAMoCzIVLmxhdXRlci5zdG9yZS52MS5GaWxl\
      UgVmaWxlcxIWCgZzb3VyY2UYBCABKAlSBnNvdXJjZRIdCgppc19kZWZhdWx0GAUgASgIUglpc0Rl\
      ZmF1bHQSJAoOY3JlYXRlX3RpbWVfbXMYBiABKANSDGNyZWF0ZVRpbWVNcyKUAQoWUmVnaXN0ZXJF\
      bmNvZGVyUmVxdWVzdBISCgRuYW1lGAEgASgJUgRuYW1lEisKBWZpbGVzGAIgAygLMhUubGF1dGVy\
      LnN0b3JlLnYxLkZpbGVSBWZpbGVzEhYKBnNvdXJjZRgDIAEoCVIGc291cmNlEiEKDG1ha2VfZGVm\
      YXVsdBgEIAEoCFILbWFrZURlZmF1bHQiTQoXUmVnaXN0ZXJFbmNvZGVyUmVzcG9uc2USMgoHZW5j\
      b2RlchgBIAEoCzIYLmxhdXRlci5zdG9yZS52MS5FbmNvZGVyUgdlbmNvZGVyIicKEUdldEVuY29k\
      ZXJSZXF1ZXN0EhIKBG5hbWUYASABKAlSBG5hbWUiSAoSR2V0RW5jb2RlclJlc3BvbnNlEjIKB2Vu\
      Y29kZXIYASABKAsyGC5sYXV0ZXIuc3RvcmUudjEuRW5jb2RlclIHZW5jb2RlciIVChNMaXN0RW5j\
      b2RlcnNSZXF1ZXN0IkwKFExpc3RFbmNvZGVyc1Jlc3BvbnNlEjQKCGVuY29kZXJzGAEgAygLMhgu\
      bGF1dGVyLnN0b3JlLnYxLkVuY29kZXJSCGVuY29kZXJzIv0DCgVNb2RlbBISCgRuYW1lGAEgASgJ\
      UgRuYW1lEhgKB3ZlcnNpb24YAiABKARSB3ZlcnNpb24SGAoHZGF0YXNldBgDIAEoCVIHZGF0YXNl\
      dBIWCgZsYWJlbHMYBCADKAlSBmxhYmVscxIWCgZkaWdlc3QYBSABKAlSBmRpZ2VzdBIrCgVmaWxl\
      cxgGIAMoCzIVLmxhdXRlci5zdG9yZS52MS5GaWxlUgVmaWxlcxIYCgdlbmNvZGVyGAcgASgJUgdl\
      bmNvZGVyEiUKDmVuY29kZXJfZGlnZXN0GAggASgJUg1lbmNvZGVyRGlnZXN0EjkKCHRyYWluaW5n\
      GAkgASgLMh0ubGF1dGVyLnN0b3JlLnYxLlRyYWluaW5nU3BlY1IIdHJhaW5pbmcSOwoKZXZhbHVh\
      dGlvbhgKIAEoCzIbLmxhdXRlci5zdG9yZS52MS5FdmFsdWF0aW9uUgpldmFsdWF0aW9uEiMKDXRy\
      YWluX3JlY29yZHMYCyABKARSDHRyYWluUmVjb3JkcxIkCg5jcmVhdGVfdGltZV9tcxgMIAEoA1IM\
      Y3JlYXRlVGltZU1zEksKEGNyb3NzX3ZhbGlkYXRpb24YDSABKAsyIC5sYXV0ZXIuc3RvcmUudjEu\
      Q3Jvc3NWYWxpZGF0aW9uUg9jcm9zc1ZhbGlkYXRpb24ivAIKD0Nyb3NzVmFsaWRhdGlvbhIUCgVm\
      b2xkcxgBIAEoDVIFZm9sZHMSOwoKZXZhbHVhdGlvbhgCIAEoCzIbLmxhdXRlci5zdG9yZS52MS5F\
      dmFsdWF0aW9uUgpldmFsdWF0aW9uEh0KCmJvZHlfdHVuZWQYAyABKAhSCWJvZHlUdW5lZBI4Cgtz\
      dWdnZXN0aW9ucxgEIAEoCzIWLmxhdXRlci5zdG9yZS52MS5UcmlhbFILc3VnZ2VzdGlvbnMSFAoF\
      YWdlbnQYBSABKAlSBWFnZW50EjcKC2xhYmVsX25hbWVzGAYgASgLMhYubGF1dGVyLnN0b3JlLnYx\
      LlRyaWFsUgpsYWJlbE5hbWVzEi4KBnR1bmluZxgHIAEoCzIWLmxhdXRlci5zdG9yZS52MS5Ucmlh\
      bFIGdHVuaW5nIrkBCgVUcmlhbBISCgR1c2VkGAEgASgIUgR1c2VkEiMKDWFjY3VyYWN5X3dpdGgY\
      AiABKAFSDGFjY3VyYWN5V2l0aBIpChBhY2N1cmFjeV93aXRob3V0GAMgASgBUg9hY2N1cmFjeVdp\
      dGhvdXQSIgoNbG9nX2xvc3Nfd2l0aBgEIAEoAVILbG9nTG9zc1dpdGgSKAoQbG9nX2xvc3Nfd2l0\
      aG91dBgFIAEoAVIObG9nTG9zc1dpdGhvdXQitQQKCkV2YWx1YXRpb24SLAoFc3BsaXQYASABKA4y\
      Fi5sYXV0ZXIuc3RvcmUudjEuU3BsaXRSBXNwbGl0EhgKB3JlY29yZHMYAiABKARSB3JlY29yZHMS\
      GgoIYWNjdXJhY3kYAyABKAFSCGFjY3VyYWN5EiEKDGFjY3VyYWN5X2xvdxgEIAEoAVILYWNjdXJh\
      Y3lMb3cSIwoNYWNjdXJhY3lfaGlnaBgFIAEoAVIMYWNjdXJhY3lIaWdoEhkKCG1hY3JvX2YxGAYg\
      ASgBUgdtYWNyb0YxEjgKBmxhYmVscxgHIAMoCzIgLmxhdXRlci5zdG9yZS52MS5MYWJlbEV2YWx1\
      YXRpb25SBmxhYmVscxIcCgljb25mdXNpb24YCCADKARSCWNvbmZ1c2lvbhIgCgxtYWNyb19mMV9s\
      b3cYCSABKAFSCm1hY3JvRjFMb3cSIgoNbWFjcm9fZjFfaGlnaBgKIAEoAVILbWFjcm9GMUhpZ2gS\
      PgoLY2FsaWJyYXRpb24YCyABKAsyHC5sYXV0ZXIuc3RvcmUudjEuQ2FsaWJyYXRpb25SC2NhbGli\
      cmF0aW9uEjgKBnNsaWNlcxgMIAMoCzIgLmxhdXRlci5zdG9yZS52MS5TbGljZUV2YWx1YXRpb25S\
      BnNsaWNlcxJICg9uZWFyX2R1cGxpY2F0ZXMYDSABKAsyHy5sYXV0ZXIuc3RvcmUudjEuTmVhckR1\
      cGxpY2F0ZXNSDm5lYXJEdXBsaWNhdGVzIr0BCgtDYWxpYnJhdGlvbhIgCgt0ZW1wZXJhdHVyZRgB\
      IAEoAVILdGVtcGVyYXR1cmUSGQoIbG9nX2xvc3MYAiABKAFSB2xvZ0xvc3MSPAoaZXhwZWN0ZWRf\
      Y2FsaWJyYXRpb25fZXJyb3IYAyABKAFSGGV4cGVjdGVkQ2FsaWJyYXRpb25FcnJvchIzCgRiaW5z\
      GAQgAygLMh8ubGF1dGVyLnN0b3JlLnYxLlJlbGlhYmlsaXR5QmluUgRiaW5zIowBCg5SZWxpYWJp\
      bGl0eUJpbhIQCgNsb3cYASABKAFSA2xvdxISCgRoaWdoGAIgASgBUgRoaWdoEhgKB3JlY29yZHMY\
      AyABKARSB3JlY29yZHMSHgoKY29uZmlkZW5jZRgEIAEoAVIKY29uZmlkZW5jZRIaCghhY2N1cmFj\
      eRgFIAEoAVIIYWNjdXJhY3ki0gEKD1NsaWNlRXZhbHVhdGlvbhIQCgNrZXkYASABKAlSA2tleRIU\
      CgV2YWx1ZRgCIAEoCVIFdmFsdWUSGAoHcmVjb3JkcxgDIAEoBFIHcmVjb3JkcxIaCghhY2N1cmFj\
      eRgEIAEoAVIIYWNjdXJhY3kSIQoMYWNjdXJhY3lfbG93GAUgASgBUgthY2N1cmFjeUxvdxIjCg1h\
      Y2N1cmFjeV9oaWdoGAYgASgBUgxhY2N1cmFjeUhpZ2gSGQoIbWFjcm9fZjEYByABKAFSB21hY3Jv\
      RjEiZgoOTmVhckR1cGxpY2F0ZXMSGAoHcmVjb3JkcxgBIAEoBFIHcmVjb3JkcxI6CghleGFtcGxl\
      cxgCIAMoCzIeLmxhdXRlci5zdG9yZS52MS5OZWFyRHVwbGljYXRlUghleGFtcGxlcyJ2Cg1OZWFy\
      RHVwbGljYXRlEh8KC2V4dGVybmFsX2lkGAEgASgJUgpleHRlcm5hbElkEiQKDm9mX2V4dGVybmFs\
      X2lkGAIgASgJUgxvZkV4dGVybmFsSWQSHgoKc2ltaWxhcml0eRgDIAEoAVIKc2ltaWxhcml0eSKH\
      AQoPTGFiZWxFdmFsdWF0aW9uEhQKBWxhYmVsGAEgASgJUgVsYWJlbBIcCglwcmVjaXNpb24YAiAB\
      KAFSCXByZWNpc2lvbhIWCgZyZWNhbGwYAyABKAFSBnJlY2FsbBIOCgJmMRgEIAEoAVICZjESGAoH\
      c3VwcG9ydBgFIAEoBFIHc3VwcG9ydCKhAQoTUHVibGlzaE1vZGVsUmVxdWVzdBIsCgVtb2RlbBgB\
      IAEoCzIWLmxhdXRlci5zdG9yZS52MS5Nb2RlbFIFbW9kZWwSLAoFbGVhc2UYAiABKAsyFi5sYXV0\
      ZXIuc3RvcmUudjEuTGVhc2VSBWxlYXNlEi4KBnF1ZXVlcxgDIAMoCzIWLmxhdXRlci5zdG9yZS52\
      MS5RdWV1ZVIGcXVldWVzIkQKFFB1Ymxpc2hNb2RlbFJlc3BvbnNlEiwKBW1vZGVsGAEgASgLMhYu\
      bGF1dGVyLnN0b3JlLnYxLk1vZGVsUgVtb2RlbCI/Cg9HZXRNb2RlbFJlcXVlc3QSEgoEbmFtZRgB\
      IAEoCVIEbmFtZRIYCgd2ZXJzaW9uGAIgASgEUgd2ZXJzaW9uIkAKEEdldE1vZGVsUmVzcG9uc2US\
      LAoFbW9kZWwYASABKAsyFi5sYXV0ZXIuc3RvcmUudjEuTW9kZWxSBW1vZGVsIicKEUxpc3RNb2Rl\
      bHNSZXF1ZXN0EhIKBG5hbWUYASABKAlSBG5hbWUiRAoSTGlzdE1vZGVsc1Jlc3BvbnNlEi4KBm1v\
      ZGVscxgBIAMoCzIWLmxhdXRlci5zdG9yZS52MS5Nb2RlbFIGbW9kZWxzIigKEldhdGNoTW9kZWxz\
      UmVxdWVzdBISCgRuYW1lGAEgASgJUgRuYW1lIkMKE1dhdGNoTW9kZWxzUmVzcG9uc2USLAoFbW9k\
      ZWwYASABKAsyFi5sYXV0ZXIuc3RvcmUudjEuTW9kZWxSBW1vZGVsKkYKDFF1ZXN0aW9uS2luZBId\
      ChlRVUVTVElPTl9LSU5EX1VOU1BFQ0lGSUVEEAASFwoTUVVFU1RJT05fS0lORF9MQUJFTBABKlUK\
      BVNwbGl0EhUKEVNQTElUX1VOU1BFQ0lGSUVEEAASDwoLU1BMSVRfVFJBSU4QARIUChBTUExJVF9W\
      QUxJREFUSU9OEAISDgoKU1BMSVRfVEVTVBADKoIBCgxSZWNvcmRTdGF0dXMSHQoZUkVDT1JEX1NU\
      QVRVU19VTlNQRUNJRklFRBAAEhkKFVJFQ09SRF9TVEFUVVNfUEVORElORxABEhsKF1JFQ09SRF9T\
      VEFUVVNfQ09NUExFVEVEEAISGwoXUkVDT1JEX1NUQVRVU19ESVNDQVJERUQQAyqBAgoVU3VnZ2Vz\
      dGlvbkZhaWx1cmVLaW5kEicKI1NVR0dFU1RJT05fRkFJTFVSRV9LSU5EX1VOU1BFQ0lGSUVEEAAS\
      JgoiU1VHR0VTVElPTl9GQUlMVVJFX0tJTkRfVU5QQVJTQUJMRRABEikKJVNVR0dFU1RJT05fRkFJ\
      TFVSRV9LSU5EX1VOS05PV05fTEFCRUwQAhIhCh1TVUdHRVNUSU9OX0ZBSUxVUkVfS0lORF9FTVBU\
      WRADEiQKIFNVR0dFU1RJT05fRkFJTFVSRV9LSU5EX1BST1ZJREVSEAQSIwofU1VHR0VTVElPTl9G\
      QUlMVVJFX0tJTkRfVElNRU9VVBAFKooBCg5SZXNwb25zZVN0YXR1cxIfChtSRVNQT05TRV9TVEFU\
      VVNfVU5TUEVDSUZJRUQQABIZChVSRVNQT05TRV9TVEFUVVNfRFJBRlQQARIdChlSRVNQT05TRV9T\
      VEFUVVNfU1VCTUlUVEVEEAISHQoZUkVTUE9OU0VfU1RBVFVTX0RJU0NBUkRFRBADKlIKB0pvYktp\
      bmQSGAoUSk9CX0tJTkRfVU5TUEVDSUZJRUQQABIWChJKT0JfS0lORF9MQUJFTExJTkcQARIVChFK\
      T0JfS0lORF9UUkFJTklORxACKpoBCghKb2JTdGF0ZRIZChVKT0JfU1RBVEVfVU5TUEVDSUZJRUQQ\
      ABIUChBKT0JfU1RBVEVfUVVFVUVEEAESFQoRSk9CX1NUQVRFX1JVTk5JTkcQAhIXChNKT0JfU1RB\
      VEVfU1VDQ0VFREVEEAMSFAoQSk9CX1NUQVRFX0ZBSUxFRBAEEhcKE0pPQl9TVEFURV9DQU5DRUxM\
      RUQQBSpvCgRMb3NzEhQKEExPU1NfVU5TUEVDSUZJRUQQABIaChZMT1NTX0NPU0lORV9TSU1JTEFS\
      SVRZEAESFAoQTE9TU19DT05UUkFTVElWRRACEh8KG0xPU1NfU1VQRVJWSVNFRF9DT05UUkFTVElW\
      RRADKosBCg5EaXN0YW5jZU1ldHJpYxIfChtESVNUQU5DRV9NRVRSSUNfVU5TUEVDSUZJRUQQABIa\
      ChZESVNUQU5DRV9NRVRSSUNfQ09TSU5FEAESHQoZRElTVEFOQ0VfTUVUUklDX0VVQ0xJREVBThAC\
      Eh0KGURJU1RBTkNFX01FVFJJQ19NQU5IQVRUQU4QAypmCghIZWFkS2luZBIZChVIRUFEX0tJTkRf\
      VU5TUEVDSUZJRUQQABIhCh1IRUFEX0tJTkRfTE9HSVNUSUNfUkVHUkVTU0lPThABEhwKGEhFQURf\
      S0lORF9ESUZGRVJFTlRJQUJMRRACKpwBChBTYW1wbGluZ1N0cmF0ZWd5EiEKHVNBTVBMSU5HX1NU\
      UkFURUdZX1VOU1BFQ0lGSUVEEAASIgoeU0FNUExJTkdfU1RSQVRFR1lfT1ZFUlNBTVBMSU5HEAES\
      IwofU0FNUExJTkdfU1RSQVRFR1lfVU5ERVJTQU1QTElORxACEhwKGFNBTVBMSU5HX1NUUkFURUdZ\
      X1VOSVFVRRADMqQCCg5EYXRhc2V0U2VydmljZRJeCg1DcmVhdGVEYXRhc2V0EiUubGF1dGVyLnN0\
      b3JlLnYxLkNyZWF0ZURhdGFzZXRSZXF1ZXN0GiYubGF1dGVyLnN0b3JlLnYxLkNyZWF0ZURhdGFz\
      ZXRSZXNwb25zZRJVCgpHZXREYXRhc2V0EiIubGF1dGVyLnN0b3JlLnYxLkdldERhdGFzZXRSZXF1\
      ZXN0GiMubGF1dGVyLnN0b3JlLnYxLkdldERhdGFzZXRSZXNwb25zZRJbCgxMaXN0RGF0YXNldHMS\
      JC5sYXV0ZXIuc3RvcmUudjEuTGlzdERhdGFzZXRzUmVxdWVzdBolLmxhdXRlci5zdG9yZS52MS5M\
      aXN0RGF0YXNldHNSZXNwb25zZTKGBgoNUmVjb3JkU2VydmljZRJiCg1JbXBvcnRSZWNvcmRzEiUu\
      bGF1dGVyLnN0b3JlLnYxLkltcG9ydFJlY29yZHNSZXF1ZXN0GiYubGF1dGVyLnN0b3JlLnYxLklt\
      cG9ydFJlY29yZHNSZXNwb25zZSgBMAESUgoJR2V0UmVjb3JkEiEubGF1dGVyLnN0b3JlLnYxLkdl\
      dFJlY29yZFJlcXVlc3QaIi5sYXV0ZXIuc3RvcmUudjEuR2V0UmVjb3JkUmVzcG9uc2USWAoLTGlz\
      dFJlY29yZHMSIy5sYXV0ZXIuc3RvcmUudjEuTGlzdFJlY29yZHNSZXF1ZXN0GiQubGF1dGVyLnN0\
      b3JlLnYxLkxpc3RSZWNvcmRzUmVzcG9uc2USYAoNRXhwb3J0UmVjb3JkcxIlLmxhdXRlci5zdG9y\
      ZS52MS5FeHBvcnRSZWNvcmRzUmVxdWVzdBomLmxhdXRlci5zdG9yZS52MS5FeHBvcnRSZWNvcmRz\
      UmVzcG9uc2UwARJnChBXcml0ZVN1Z2dlc3Rpb25zEigubGF1dGVyLnN0b3JlLnYxLldyaXRlU3Vn\
      Z2VzdGlvbnNSZXF1ZXN0GikubGF1dGVyLnN0b3JlLnYxLldyaXRlU3VnZ2VzdGlvbnNSZXNwb25z\
      ZRJhCg5Xcml0ZVJlc3BvbnNlcxImLmxhdXRlci5zdG9yZS52MS5Xcml0ZVJlc3BvbnNlc1JlcXVl\
      c3QaJy5sYXV0ZXIuc3RvcmUudjEuV3JpdGVSZXNwb25zZXNSZXNwb25zZRJSCglMaXN0UXVldWUS\
      IS5sYXV0ZXIuc3RvcmUudjEuTGlzdFF1ZXVlUmVxdWVzdBoiLmxhdXRlci5zdG9yZS52MS5MaXN0\
      UXVldWVSZXNwb25zZRJhCg5EZWxldGVSZXNwb25zZRImLmxhdXRlci5zdG9yZS52MS5EZWxldGVS\
      ZXNwb25zZVJlcXVlc3QaJy5sYXV0ZXIuc3RvcmUudjEuRGVsZXRlUmVzcG9uc2VSZXNwb25zZTKl\
      BQoKSm9iU2VydmljZRJSCglDcmVhdGVKb2ISIS5sYXV0ZXIuc3RvcmUudjEuQ3JlYXRlSm9iUmVx\
      dWVzdBoiLmxhdXRlci5zdG9yZS52MS5DcmVhdGVKb2JSZXNwb25zZRJJCgZHZXRKb2ISHi5sYXV0\
      ZXIuc3RvcmUudjEuR2V0Sm9iUmVxdWVzdBofLmxhdXRlci5zdG9yZS52MS5HZXRKb2JSZXNwb25z\
      ZRJPCghMaXN0Sm9icxIgLmxhdXRlci5zdG9yZS52MS5MaXN0Sm9ic1JlcXVlc3QaIS5sYXV0ZXIu\
      c3RvcmUudjEuTGlzdEpvYnNSZXNwb25zZRJRCghXYXRjaEpvYhIgLmxhdXRlci5zdG9yZS52MS5X\
      YXRjaEpvYlJlcXVlc3QaIS5sYXV0ZXIuc3RvcmUudjEuV2F0Y2hKb2JSZXNwb25zZTABElIKCUNh\
      bmNlbEpvYhIhLmxhdXRlci5zdG9yZS52MS5DYW5jZWxKb2JSZXF1ZXN0GiIubGF1dGVyLnN0b3Jl\
      LnYxLkNhbmNlbEpvYlJlc3BvbnNlEk8KCENsYWltSm9iEiAubGF1dGVyLnN0b3JlLnYxLkNsYWlt\
      Sm9iUmVxdWVzdBohLmxhdXRlci5zdG9yZS52MS5DbGFpbUpvYlJlc3BvbnNlElsKDEhlYXJ0YmVh\
      dEpvYhIkLmxhdXRlci5zdG9yZS52MS5IZWFydGJlYXRKb2JSZXF1ZXN0GiUubGF1dGVyLnN0b3Jl\
      LnYxLkhlYXJ0YmVhdEpvYlJlc3BvbnNlElIKCUZpbmlzaEpvYhIhLmxhdXRlci5zdG9yZS52MS5G\
      aW5pc2hKb2JSZXF1ZXN0GiIubGF1dGVyLnN0b3JlLnYxLkZpbmlzaEpvYlJlc3BvbnNlMsECCg9B\
      cnRlZmFjdFNlcnZpY2USYwoOVXBsb2FkQXJ0ZWZhY3QSJi5sYXV0ZXIuc3RvcmUudjEuVXBsb2Fk\
      QXJ0ZWZhY3RSZXF1ZXN0GicubGF1dGVyLnN0b3JlLnYxLlVwbG9hZEFydGVmYWN0UmVzcG9uc2Uo\
      ARJpChBEb3dubG9hZEFydGVmYWN0EigubGF1dGVyLnN0b3JlLnYxLkRvd25sb2FkQXJ0ZWZhY3RS\
      ZXF1ZXN0GikubGF1dGVyLnN0b3JlLnYxLkRvd25sb2FkQXJ0ZWZhY3RSZXNwb25zZTABEl4KDUZp\
      bmRBcnRlZmFjdHMSJS5sYXV0ZXIuc3RvcmUudjEuRmluZEFydGVmYWN0c1JlcXVlc3QaJi5sYXV0\
      ZXIuc3RvcmUudjEuRmluZEFydGVmYWN0c1Jlc3BvbnNlMqoCCg5FbmNvZGVyU2VydmljZRJkCg9S\
      ZWdpc3RlckVuY29kZXISJy5sYXV0ZXIuc3RvcmUudjEuUmVnaXN0ZXJFbmNvZGVyUmVxdWVzdBoo\
      LmxhdXRlci5zdG9yZS52MS5SZWdpc3RlckVuY29kZXJSZXNwb25zZRJVCgpHZXRFbmNvZGVyEiIu\
      bGF1dGVyLnN0b3JlLnYxLkdldEVuY29kZXJSZXF1ZXN0GiMubGF1dGVyLnN0b3JlLnYxLkdldEVu\
      Y29kZXJSZXNwb25zZRJbCgxMaXN0RW5jb2RlcnMSJC5sYXV0ZXIuc3RvcmUudjEuTGlzdEVuY29k\
      ZXJzUmVxdWVzdBolLmxhdXRlci5zdG9yZS52MS5MaXN0RW5jb2RlcnNSZXNwb25zZTLvAgoMTW9k\
      ZWxTZXJ2aWNlElsKDFB1Ymxpc2hNb2RlbBIkLmxhdXRlci5zdG9yZS52MS5QdWJsaXNoTW9kZWxS\
      ZXF1ZXN0GiUubGF1dGVyLnN0b3JlLnYxLlB1Ymxpc2hNb2RlbFJlc3BvbnNlEk8KCEdldE1vZGVs\
      EiAubGF1dGVyLnN0b3JlLnYxLkdldE1vZGVsUmVxdWVzdBohLmxhdXRlci5zdG9yZS52MS5HZXRN\
      b2RlbFJlc3BvbnNlElUKCkxpc3RNb2RlbHMSIi5sYXV0ZXIuc3RvcmUudjEuTGlzdE1vZGVsc1Jl\
      cXVlc3QaIy5sYXV0ZXIuc3RvcmUudjEuTGlzdE1vZGVsc1Jlc3BvbnNlEloKC1dhdGNoTW9kZWxz\
      EiMubGF1dGVyLnN0b3JlLnYxLldhdGNoTW9kZWxzUmVxdWVzdBokLmxhdXRlci5zdG9yZS52MS5X\
      YXRjaE1vZGVsc1Jlc3BvbnNlMAFiBnByb3RvMw==
      """)
}

extension StoreV1 {
  public enum QuestionKind: CodedEnum, Hashable, Sendable {
    case unspecified
    case label
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .label
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .label: 1
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum Split: CodedEnum, Hashable, Sendable {
    case unspecified
    case train
    case validation
    case test
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .train
      case 2: self = .validation
      case 3: self = .test
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .train: 1
      case .validation: 2
      case .test: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  /// Completed: at least one submitted response. Discarded: responses, all of them discarded. A draft
  /// leaves a record pending.
  public enum RecordStatus: CodedEnum, Hashable, Sendable {
    case unspecified
    case pending
    case completed
    case discarded
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .pending
      case 2: self = .completed
      case 3: self = .discarded
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .pending: 1
      case .completed: 2
      case .discarded: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum SuggestionFailureKind: CodedEnum, Hashable, Sendable {
    case unspecified
    /// The reply was not the JSON asked for.
    case unparsable
    /// The reply named a label the data set does not have.
    case unknownLabel
    /// The reply was empty or refused.
    case empty
    /// The provider answered with an error that retrying did not cure.
    case provider
    /// No answer in time, retries included.
    case timeout
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .unparsable
      case 2: self = .unknownLabel
      case 3: self = .empty
      case 4: self = .provider
      case 5: self = .timeout
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .unparsable: 1
      case .unknownLabel: 2
      case .empty: 3
      case .provider: 4
      case .timeout: 5
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum ResponseStatus: CodedEnum, Hashable, Sendable {
    case unspecified
    case draft
    case submitted
    case discarded
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .draft
      case 2: self = .submitted
      case 3: self = .discarded
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .draft: 1
      case .submitted: 2
      case .discarded: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum JobKind: CodedEnum, Hashable, Sendable {
    case unspecified
    case labelling
    case training
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .labelling
      case 2: self = .training
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .labelling: 1
      case .training: 2
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum JobState: CodedEnum, Hashable, Sendable {
    case unspecified
    case queued
    case running
    case succeeded
    case failed
    case cancelled
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .queued
      case 2: self = .running
      case 3: self = .succeeded
      case 4: self = .failed
      case 5: self = .cancelled
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .queued: 1
      case .running: 2
      case .succeeded: 3
      case .failed: 4
      case .cancelled: 5
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  /// sentence-transformers' CosineSimilarityLoss and ContrastiveLoss, and SetFit's SupConLoss.
  public enum Loss: CodedEnum, Hashable, Sendable {
    case unspecified
    case cosineSimilarity
    case contrastive
    case supervisedContrastive
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .cosineSimilarity
      case 2: self = .contrastive
      case 3: self = .supervisedContrastive
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .cosineSimilarity: 1
      case .contrastive: 2
      case .supervisedContrastive: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum DistanceMetric: CodedEnum, Hashable, Sendable {
    case unspecified
    case cosine
    case euclidean
    case manhattan
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .cosine
      case 2: self = .euclidean
      case 3: self = .manhattan
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .cosine: 1
      case .euclidean: 2
      case .manhattan: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum HeadKind: CodedEnum, Hashable, Sendable {
    case unspecified
    /// scikit-learn's, fitted to the tuned body's embeddings.
    case logisticRegression
    /// SetFit's SetFitHead, trained by cross-entropy in steps.
    case differentiable
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .logisticRegression
      case 2: self = .differentiable
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .logisticRegression: 1
      case .differentiable: 2
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public enum SamplingStrategy: CodedEnum, Hashable, Sendable {
    case unspecified
    case oversampling
    case undersampling
    case unique
    /// A value this program does not know yet.
    case unrecognized(Int32)

    public init(rawValue: Int32) {
      switch rawValue {
      case 0: self = .unspecified
      case 1: self = .oversampling
      case 2: self = .undersampling
      case 3: self = .unique
      default: self = .unrecognized(rawValue)
      }
    }

    public var rawValue: Int32 {
      switch self {
      case .unspecified: 0
      case .oversampling: 1
      case .undersampling: 2
      case .unique: 3
      case .unrecognized(let rawValue): rawValue
      }
    }
  }
}

extension StoreV1 {
  public struct Dataset: Message, Hashable, Sendable {
    public var name: String
    /// How a person (and the LLM) should decide, in plain words. May be empty.
    public var guidelines: String
    /// The text fields every record has, in order. At least one.
    public var fields: [StoreV1.TextField]
    public var question: StoreV1.Question?
    /// Overrides the labeller's prompt template (Jinja-like syntax). Empty means the default.
    public var promptTemplate: String
    public var createTimeMs: Int64
    /// Filled by the store in every answer.
    public var counts: StoreV1.DatasetCounts?

    public init(
      name: String = "",
      guidelines: String = "",
      fields: [StoreV1.TextField] = [],
      question: StoreV1.Question? = nil,
      promptTemplate: String = "",
      createTimeMs: Int64 = 0,
      counts: StoreV1.DatasetCounts? = nil
    ) {
      self.name = name
      self.guidelines = guidelines
      self.fields = fields
      self.question = question
      self.promptTemplate = promptTemplate
      self.createTimeMs = createTimeMs
      self.counts = counts
    }
  }
}

extension StoreV1.Dataset: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__dataset__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Dataset>) throws {
    self.name = String(cString: c.pointee.name)
    self.guidelines = String(cString: c.pointee.guidelines)
    self.fields = try Decoded.messages(c.pointee.fields, c.pointee.n_fields)
    self.question = try c.pointee.question.map { try .init(c: $0) }
    self.promptTemplate = String(cString: c.pointee.prompt_template)
    self.createTimeMs = c.pointee.create_time_ms
    self.counts = try c.pointee.counts.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Dataset>, _ arena: Arena) throws {
    lauter__store__v1__dataset__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Dataset.name")
    c.pointee.guidelines = try arena.string(guidelines, "lauter.store.v1.Dataset.guidelines")
    c.pointee.n_fields = fields.count
    c.pointee.fields = try arena.messages(fields)
    if let question { c.pointee.question = try arena.message(question) }
    c.pointee.prompt_template = try arena.string(promptTemplate, "lauter.store.v1.Dataset.prompt_template")
    c.pointee.create_time_ms = createTimeMs
    if let counts { c.pointee.counts = try arena.message(counts) }
  }
}

extension StoreV1 {
  public struct TextField: Message, Hashable, Sendable {
    public var name: String
    public var title: String
    /// A record may leave an optional field out; a required one must be there and not blank.
    public var optional: Bool

    public init(name: String = "", title: String = "", optional: Bool = false) {
      self.name = name
      self.title = title
      self.optional = optional
    }
  }
}

extension StoreV1.TextField: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__text_field__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__TextField>) throws {
    self.name = String(cString: c.pointee.name)
    self.title = String(cString: c.pointee.title)
    self.optional = c.pointee.optional != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__TextField>, _ arena: Arena) throws {
    lauter__store__v1__text_field__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.TextField.name")
    c.pointee.title = try arena.string(title, "lauter.store.v1.TextField.title")
    c.pointee.optional = optional ? 1 : 0
  }
}

extension StoreV1 {
  /// What is asked of each record. `LABEL`: exactly one label.
  public struct Question: Message, Hashable, Sendable {
    public var name: String
    public var title: String
    public var kind: StoreV1.QuestionKind
    /// At least two, names unique, order is the order shown to people.
    public var labels: [StoreV1.Label]

    public init(
      name: String = "",
      title: String = "",
      kind: StoreV1.QuestionKind = .unspecified,
      labels: [StoreV1.Label] = []
    ) {
      self.name = name
      self.title = title
      self.kind = kind
      self.labels = labels
    }
  }
}

extension StoreV1.Question: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__question__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Question>) throws {
    self.name = String(cString: c.pointee.name)
    self.title = String(cString: c.pointee.title)
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    self.labels = try Decoded.messages(c.pointee.labels, c.pointee.n_labels)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Question>, _ arena: Arena) throws {
    lauter__store__v1__question__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Question.name")
    c.pointee.title = try arena.string(title, "lauter.store.v1.Question.title")
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.messages(labels)
  }
}

extension StoreV1 {
  public struct Label: Message, Hashable, Sendable {
    public var name: String
    /// Reaches the LLM, the zero-shot labeller and the reviewer. May be empty.
    public var description: String

    public init(name: String = "", description: String = "") {
      self.name = name
      self.description = description
    }
  }
}

extension StoreV1.Label: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__label__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Label>) throws {
    self.name = String(cString: c.pointee.name)
    self.description = String(cString: c.pointee.description)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Label>, _ arena: Arena) throws {
    lauter__store__v1__label__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Label.name")
    c.pointee.description = try arena.string(description, "lauter.store.v1.Label.description")
  }
}

extension StoreV1 {
  public struct DatasetCounts: Message, Hashable, Sendable {
    public var records: UInt64
    public var pending: UInt64
    public var completed: UInt64
    public var discarded: UInt64
    public var splits: [StoreV1.SplitCount]
    /// Suggestions by agent, failures counted apart.
    public var agents: [StoreV1.AgentCount]
    /// Submitted responses by label.
    public var labels: [StoreV1.LabelCount]
    /// What waits in the queues that training has filled.
    public var queues: [StoreV1.QueueCount]

    public init(
      records: UInt64 = 0,
      pending: UInt64 = 0,
      completed: UInt64 = 0,
      discarded: UInt64 = 0,
      splits: [StoreV1.SplitCount] = [],
      agents: [StoreV1.AgentCount] = [],
      labels: [StoreV1.LabelCount] = [],
      queues: [StoreV1.QueueCount] = []
    ) {
      self.records = records
      self.pending = pending
      self.completed = completed
      self.discarded = discarded
      self.splits = splits
      self.agents = agents
      self.labels = labels
      self.queues = queues
    }
  }
}

extension StoreV1.DatasetCounts: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__dataset_counts__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__DatasetCounts>) throws {
    self.records = c.pointee.records
    self.pending = c.pointee.pending
    self.completed = c.pointee.completed
    self.discarded = c.pointee.discarded
    self.splits = try Decoded.messages(c.pointee.splits, c.pointee.n_splits)
    self.agents = try Decoded.messages(c.pointee.agents, c.pointee.n_agents)
    self.labels = try Decoded.messages(c.pointee.labels, c.pointee.n_labels)
    self.queues = try Decoded.messages(c.pointee.queues, c.pointee.n_queues)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__DatasetCounts>, _ arena: Arena) throws {
    lauter__store__v1__dataset_counts__init(c)
    c.pointee.records = records
    c.pointee.pending = pending
    c.pointee.completed = completed
    c.pointee.discarded = discarded
    c.pointee.n_splits = splits.count
    c.pointee.splits = try arena.messages(splits)
    c.pointee.n_agents = agents.count
    c.pointee.agents = try arena.messages(agents)
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.messages(labels)
    c.pointee.n_queues = queues.count
    c.pointee.queues = try arena.messages(queues)
  }
}

extension StoreV1 {
  public struct SplitCount: Message, Hashable, Sendable {
    public var split: StoreV1.Split
    public var records: UInt64
    public var completed: UInt64

    public init(split: StoreV1.Split = .unspecified, records: UInt64 = 0, completed: UInt64 = 0) {
      self.split = split
      self.records = records
      self.completed = completed
    }
  }
}

extension StoreV1.SplitCount: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__split_count__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__SplitCount>) throws {
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    self.records = c.pointee.records
    self.completed = c.pointee.completed
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__SplitCount>, _ arena: Arena) throws {
    lauter__store__v1__split_count__init(c)
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    c.pointee.records = records
    c.pointee.completed = completed
  }
}

extension StoreV1 {
  public struct AgentCount: Message, Hashable, Sendable {
    public var agent: String
    public var suggestions: UInt64
    public var failures: UInt64

    public init(agent: String = "", suggestions: UInt64 = 0, failures: UInt64 = 0) {
      self.agent = agent
      self.suggestions = suggestions
      self.failures = failures
    }
  }
}

extension StoreV1.AgentCount: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__agent_count__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__AgentCount>) throws {
    self.agent = String(cString: c.pointee.agent)
    self.suggestions = c.pointee.suggestions
    self.failures = c.pointee.failures
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__AgentCount>, _ arena: Arena) throws {
    lauter__store__v1__agent_count__init(c)
    c.pointee.agent = try arena.string(agent, "lauter.store.v1.AgentCount.agent")
    c.pointee.suggestions = suggestions
    c.pointee.failures = failures
  }
}

extension StoreV1 {
  public struct LabelCount: Message, Hashable, Sendable {
    public var label: String
    public var responses: UInt64

    public init(label: String = "", responses: UInt64 = 0) {
      self.label = label
      self.responses = responses
    }
  }
}

extension StoreV1.LabelCount: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__label_count__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__LabelCount>) throws {
    self.label = String(cString: c.pointee.label)
    self.responses = c.pointee.responses
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__LabelCount>, _ arena: Arena) throws {
    lauter__store__v1__label_count__init(c)
    c.pointee.label = try arena.string(label, "lauter.store.v1.LabelCount.label")
    c.pointee.responses = responses
  }
}

extension StoreV1 {
  public struct QueueCount: Message, Hashable, Sendable {
    public var queue: String
    public var records: UInt64

    public init(queue: String = "", records: UInt64 = 0) {
      self.queue = queue
      self.records = records
    }
  }
}

extension StoreV1.QueueCount: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__queue_count__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__QueueCount>) throws {
    self.queue = String(cString: c.pointee.queue)
    self.records = c.pointee.records
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__QueueCount>, _ arena: Arena) throws {
    lauter__store__v1__queue_count__init(c)
    c.pointee.queue = try arena.string(queue, "lauter.store.v1.QueueCount.queue")
    c.pointee.records = records
  }
}

extension StoreV1 {
  public struct CreateDatasetRequest: Message, Hashable, Sendable {
    public var dataset: StoreV1.Dataset?

    public init(dataset: StoreV1.Dataset? = nil) {
      self.dataset = dataset
    }
  }
}

extension StoreV1.CreateDatasetRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__create_dataset_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CreateDatasetRequest>) throws {
    self.dataset = try c.pointee.dataset.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CreateDatasetRequest>, _ arena: Arena) throws {
    lauter__store__v1__create_dataset_request__init(c)
    if let dataset { c.pointee.dataset = try arena.message(dataset) }
  }
}

extension StoreV1 {
  public struct CreateDatasetResponse: Message, Hashable, Sendable {
    public var dataset: StoreV1.Dataset?

    public init(dataset: StoreV1.Dataset? = nil) {
      self.dataset = dataset
    }
  }
}

extension StoreV1.CreateDatasetResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__create_dataset_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CreateDatasetResponse>) throws {
    self.dataset = try c.pointee.dataset.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CreateDatasetResponse>, _ arena: Arena) throws {
    lauter__store__v1__create_dataset_response__init(c)
    if let dataset { c.pointee.dataset = try arena.message(dataset) }
  }
}

extension StoreV1 {
  public struct GetDatasetRequest: Message, Hashable, Sendable {
    public var name: String

    public init(name: String = "") {
      self.name = name
    }
  }
}

extension StoreV1.GetDatasetRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_dataset_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetDatasetRequest>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetDatasetRequest>, _ arena: Arena) throws {
    lauter__store__v1__get_dataset_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.GetDatasetRequest.name")
  }
}

extension StoreV1 {
  public struct GetDatasetResponse: Message, Hashable, Sendable {
    public var dataset: StoreV1.Dataset?

    public init(dataset: StoreV1.Dataset? = nil) {
      self.dataset = dataset
    }
  }
}

extension StoreV1.GetDatasetResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_dataset_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetDatasetResponse>) throws {
    self.dataset = try c.pointee.dataset.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetDatasetResponse>, _ arena: Arena) throws {
    lauter__store__v1__get_dataset_response__init(c)
    if let dataset { c.pointee.dataset = try arena.message(dataset) }
  }
}

extension StoreV1 {
  public struct ListDatasetsRequest: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.ListDatasetsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_datasets_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListDatasetsRequest>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListDatasetsRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_datasets_request__init(c)
  }
}

extension StoreV1 {
  public struct ListDatasetsResponse: Message, Hashable, Sendable {
    public var datasets: [StoreV1.Dataset]

    public init(datasets: [StoreV1.Dataset] = []) {
      self.datasets = datasets
    }
  }
}

extension StoreV1.ListDatasetsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_datasets_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListDatasetsResponse>) throws {
    self.datasets = try Decoded.messages(c.pointee.datasets, c.pointee.n_datasets)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListDatasetsResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_datasets_response__init(c)
    c.pointee.n_datasets = datasets.count
    c.pointee.datasets = try arena.messages(datasets)
  }
}

extension StoreV1 {
  public struct Record: Message, Hashable, Sendable {
    /// The store's own id, dense and increasing within a data set in import order.
    public var id: Int64
    /// The user's id, unique in the data set. If none is given, the store derives one from the content.
    public var externalId: String
    public var fields: [String: String]
    public var metadata: [String: StoreV1.MetadataValue]
    public var split: StoreV1.Split
    public var status: StoreV1.RecordStatus
    public var suggestions: [StoreV1.Suggestion]
    public var responses: [StoreV1.Response]
    public var createTimeMs: Int64

    public init(
      id: Int64 = 0,
      externalId: String = "",
      fields: [String: String] = [:],
      metadata: [String: StoreV1.MetadataValue] = [:],
      split: StoreV1.Split = .unspecified,
      status: StoreV1.RecordStatus = .unspecified,
      suggestions: [StoreV1.Suggestion] = [],
      responses: [StoreV1.Response] = [],
      createTimeMs: Int64 = 0
    ) {
      self.id = id
      self.externalId = externalId
      self.fields = fields
      self.metadata = metadata
      self.split = split
      self.status = status
      self.suggestions = suggestions
      self.responses = responses
      self.createTimeMs = createTimeMs
    }
  }
}

extension StoreV1.Record: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__record__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Record>) throws {
    self.id = c.pointee.id
    self.externalId = String(cString: c.pointee.external_id)
    self.fields = try Decoded.map(c.pointee.fields, c.pointee.n_fields, "lauter.store.v1.Record.fields") {
      entry in
      (String(cString: entry.pointee.key), String(cString: entry.pointee.value))
    }
    self.metadata = try Decoded.map(c.pointee.metadata, c.pointee.n_metadata, "lauter.store.v1.Record.metadata") {
      entry in
      (String(cString: entry.pointee.key), try entry.pointee.value.map { try .init(c: $0) } ?? .init())
    }
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    self.status = .init(rawValue: .init(truncatingIfNeeded: c.pointee.status.rawValue))
    self.suggestions = try Decoded.messages(c.pointee.suggestions, c.pointee.n_suggestions)
    self.responses = try Decoded.messages(c.pointee.responses, c.pointee.n_responses)
    self.createTimeMs = c.pointee.create_time_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Record>, _ arena: Arena) throws {
    lauter__store__v1__record__init(c)
    c.pointee.id = id
    c.pointee.external_id = try arena.string(externalId, "lauter.store.v1.Record.external_id")
    c.pointee.n_fields = fields.count
    c.pointee.fields = try arena.entries(fields) { entry, key, value in
      lauter__store__v1__record__fields_entry__init(entry)
      entry.pointee.key = try arena.string(key, "lauter.store.v1.Record.fields")
      entry.pointee.value = try arena.string(value, "lauter.store.v1.Record.fields")
    }
    c.pointee.n_metadata = metadata.count
    c.pointee.metadata = try arena.entries(metadata) { entry, key, value in
      lauter__store__v1__record__metadata_entry__init(entry)
      entry.pointee.key = try arena.string(key, "lauter.store.v1.Record.metadata")
      entry.pointee.value = try arena.message(value)
    }
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    c.pointee.status = .init(rawValue: .init(truncatingIfNeeded: status.rawValue))
    c.pointee.n_suggestions = suggestions.count
    c.pointee.suggestions = try arena.messages(suggestions)
    c.pointee.n_responses = responses.count
    c.pointee.responses = try arena.messages(responses)
    c.pointee.create_time_ms = createTimeMs
  }
}

extension StoreV1 {
  public struct MetadataValue: Message, Hashable, Sendable {
    public var kind: StoreV1.MetadataValue.Kind?

    public init(kind: StoreV1.MetadataValue.Kind? = nil) {
      self.kind = kind
    }

    public enum Kind: Hashable, Sendable {
      case text(String)
      case number(Double)
      case flag(Bool)
    }
  }
}

extension StoreV1.MetadataValue: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__metadata_value__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__MetadataValue>) throws {
    switch c.pointee.kind_case.rawValue {
    case 1: self.kind = .text(String(cString: c.pointee.text))
    case 2: self.kind = .number(c.pointee.number)
    case 3: self.kind = .flag(c.pointee.flag != 0)
    default: self.kind = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__MetadataValue>, _ arena: Arena) throws {
    lauter__store__v1__metadata_value__init(c)
    switch kind {
    case .text(let value):
      c.pointee.kind_case = .init(1)
      c.pointee.text = try arena.string(value, "lauter.store.v1.MetadataValue.text")
    case .number(let value):
      c.pointee.kind_case = .init(2)
      c.pointee.number = value
    case .flag(let value):
      c.pointee.kind_case = .init(3)
      c.pointee.flag = value ? 1 : 0
    case nil: break
    }
  }
}

extension StoreV1 {
  /// A machine's verdict on one record.
  public struct Suggestion: Message, Hashable, Sendable {
    public var recordId: Int64
    /// Who: an LLM's or a model's name, at most 200 bytes.
    public var agent: String
    public var outcome: StoreV1.Suggestion.Outcome?
    /// In [0, 1]; absent where the agent gives none.
    public var score: Double?
    public var createTimeMs: Int64

    public init(
      recordId: Int64 = 0,
      agent: String = "",
      outcome: StoreV1.Suggestion.Outcome? = nil,
      score: Double? = nil,
      createTimeMs: Int64 = 0
    ) {
      self.recordId = recordId
      self.agent = agent
      self.outcome = outcome
      self.score = score
      self.createTimeMs = createTimeMs
    }

    public enum Outcome: Hashable, Sendable {
      case label(String)
      /// The agent was asked and gave nothing usable.
      case failure(StoreV1.SuggestionFailure)
    }
  }
}

extension StoreV1.Suggestion: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__suggestion__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Suggestion>) throws {
    self.recordId = c.pointee.record_id
    self.agent = String(cString: c.pointee.agent)
    switch c.pointee.outcome_case.rawValue {
    case 3: self.outcome = .label(String(cString: c.pointee.label))
    case 4: self.outcome = try .failure(StoreV1.SuggestionFailure(c: c.pointee.failure))
    default: self.outcome = nil
    }
    self.score = c.pointee.score__case.rawValue == 5 ? c.pointee.score : nil
    self.createTimeMs = c.pointee.create_time_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Suggestion>, _ arena: Arena) throws {
    lauter__store__v1__suggestion__init(c)
    c.pointee.record_id = recordId
    c.pointee.agent = try arena.string(agent, "lauter.store.v1.Suggestion.agent")
    switch outcome {
    case .label(let value):
      c.pointee.outcome_case = .init(3)
      c.pointee.label = try arena.string(value, "lauter.store.v1.Suggestion.label")
    case .failure(let value):
      c.pointee.outcome_case = .init(4)
      c.pointee.failure = try arena.message(value)
    case nil: break
    }
    if let score {
      c.pointee.score__case = .init(5)
      c.pointee.score = score
    }
    c.pointee.create_time_ms = createTimeMs
  }
}

extension StoreV1 {
  public struct SuggestionFailure: Message, Hashable, Sendable {
    public var kind: StoreV1.SuggestionFailureKind
    /// Says what happened without quoting the record's text.
    public var detail: String

    public init(kind: StoreV1.SuggestionFailureKind = .unspecified, detail: String = "") {
      self.kind = kind
      self.detail = detail
    }
  }
}

extension StoreV1.SuggestionFailure: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__suggestion_failure__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__SuggestionFailure>) throws {
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    self.detail = String(cString: c.pointee.detail)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__SuggestionFailure>, _ arena: Arena) throws {
    lauter__store__v1__suggestion_failure__init(c)
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
    c.pointee.detail = try arena.string(detail, "lauter.store.v1.SuggestionFailure.detail")
  }
}

extension StoreV1 {
  /// A person's verdict on one record.
  public struct Response: Message, Hashable, Sendable {
    public var recordId: Int64
    public var user: String
    /// Required when submitted, optional in a draft, absent when discarded.
    public var label: String
    public var status: StoreV1.ResponseStatus
    public var createTimeMs: Int64

    public init(
      recordId: Int64 = 0,
      user: String = "",
      label: String = "",
      status: StoreV1.ResponseStatus = .unspecified,
      createTimeMs: Int64 = 0
    ) {
      self.recordId = recordId
      self.user = user
      self.label = label
      self.status = status
      self.createTimeMs = createTimeMs
    }
  }
}

extension StoreV1.Response: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Response>) throws {
    self.recordId = c.pointee.record_id
    self.user = String(cString: c.pointee.user)
    self.label = String(cString: c.pointee.label)
    self.status = .init(rawValue: .init(truncatingIfNeeded: c.pointee.status.rawValue))
    self.createTimeMs = c.pointee.create_time_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Response>, _ arena: Arena) throws {
    lauter__store__v1__response__init(c)
    c.pointee.record_id = recordId
    c.pointee.user = try arena.string(user, "lauter.store.v1.Response.user")
    c.pointee.label = try arena.string(label, "lauter.store.v1.Response.label")
    c.pointee.status = .init(rawValue: .init(truncatingIfNeeded: status.rawValue))
    c.pointee.create_time_ms = createTimeMs
  }
}

extension StoreV1 {
  public struct ImportRecordsRequest: Message, Hashable, Sendable {
    /// In the first request; empty or the same in later ones.
    public var dataset: String
    public var records: [StoreV1.ImportRecord]
    /// Checks everything and writes nothing.
    public var validateOnly: Bool
    /// In the first request: the share, 0 to 1, of the new records that name no split which goes to the test
    /// split, of each label alike.
    public var holdBack: Double

    public init(
      dataset: String = "",
      records: [StoreV1.ImportRecord] = [],
      validateOnly: Bool = false,
      holdBack: Double = 0
    ) {
      self.dataset = dataset
      self.records = records
      self.validateOnly = validateOnly
      self.holdBack = holdBack
    }
  }
}

extension StoreV1.ImportRecordsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__import_records_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecordsRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.records = try Decoded.messages(c.pointee.records, c.pointee.n_records)
    self.validateOnly = c.pointee.validate_only != 0
    self.holdBack = c.pointee.hold_back
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecordsRequest>, _ arena: Arena) throws {
    lauter__store__v1__import_records_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.ImportRecordsRequest.dataset")
    c.pointee.n_records = records.count
    c.pointee.records = try arena.messages(records)
    c.pointee.validate_only = validateOnly ? 1 : 0
    c.pointee.hold_back = holdBack
    try arena.keepNegativeZero(holdBack, 4, &c.pointee.base)
  }
}

extension StoreV1 {
  public struct ImportRecord: Message, Hashable, Sendable {
    /// Where the record came from, repeated in a problem. 1-based; 0 if unknown.
    public var line: UInt64
    public var externalId: String
    public var fields: [String: String]
    public var metadata: [String: StoreV1.MetadataValue]
    /// Unspecified means where the record is; of a new one train, or test where hold_back says so.
    public var split: StoreV1.Split
    /// Gold or earlier answers that come with the record (record_id is ignored).
    public var responses: [StoreV1.Response]
    /// Likewise, suggestions made elsewhere.
    public var suggestions: [StoreV1.Suggestion]

    public init(
      line: UInt64 = 0,
      externalId: String = "",
      fields: [String: String] = [:],
      metadata: [String: StoreV1.MetadataValue] = [:],
      split: StoreV1.Split = .unspecified,
      responses: [StoreV1.Response] = [],
      suggestions: [StoreV1.Suggestion] = []
    ) {
      self.line = line
      self.externalId = externalId
      self.fields = fields
      self.metadata = metadata
      self.split = split
      self.responses = responses
      self.suggestions = suggestions
    }
  }
}

extension StoreV1.ImportRecord: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__import_record__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecord>) throws {
    self.line = c.pointee.line
    self.externalId = String(cString: c.pointee.external_id)
    self.fields = try Decoded.map(c.pointee.fields, c.pointee.n_fields, "lauter.store.v1.ImportRecord.fields") {
      entry in
      (String(cString: entry.pointee.key), String(cString: entry.pointee.value))
    }
    self.metadata = try Decoded.map(c.pointee.metadata, c.pointee.n_metadata, "lauter.store.v1.ImportRecord.metadata") {
      entry in
      (String(cString: entry.pointee.key), try entry.pointee.value.map { try .init(c: $0) } ?? .init())
    }
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    self.responses = try Decoded.messages(c.pointee.responses, c.pointee.n_responses)
    self.suggestions = try Decoded.messages(c.pointee.suggestions, c.pointee.n_suggestions)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecord>, _ arena: Arena) throws {
    lauter__store__v1__import_record__init(c)
    c.pointee.line = line
    c.pointee.external_id = try arena.string(externalId, "lauter.store.v1.ImportRecord.external_id")
    c.pointee.n_fields = fields.count
    c.pointee.fields = try arena.entries(fields) { entry, key, value in
      lauter__store__v1__import_record__fields_entry__init(entry)
      entry.pointee.key = try arena.string(key, "lauter.store.v1.ImportRecord.fields")
      entry.pointee.value = try arena.string(value, "lauter.store.v1.ImportRecord.fields")
    }
    c.pointee.n_metadata = metadata.count
    c.pointee.metadata = try arena.entries(metadata) { entry, key, value in
      lauter__store__v1__import_record__metadata_entry__init(entry)
      entry.pointee.key = try arena.string(key, "lauter.store.v1.ImportRecord.metadata")
      entry.pointee.value = try arena.message(value)
    }
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    c.pointee.n_responses = responses.count
    c.pointee.responses = try arena.messages(responses)
    c.pointee.n_suggestions = suggestions.count
    c.pointee.suggestions = try arena.messages(suggestions)
  }
}

extension StoreV1 {
  public struct ImportRecordsResponse: Message, Hashable, Sendable {
    public var imported: UInt64
    public var unchanged: UInt64
    /// The records of the batch that were not imported, and why. The others were.
    public var problems: [StoreV1.ImportProblem]
    /// Of the imported, those that hold_back put into the test split.
    public var heldBack: UInt64

    public init(
      imported: UInt64 = 0,
      unchanged: UInt64 = 0,
      problems: [StoreV1.ImportProblem] = [],
      heldBack: UInt64 = 0
    ) {
      self.imported = imported
      self.unchanged = unchanged
      self.problems = problems
      self.heldBack = heldBack
    }
  }
}

extension StoreV1.ImportRecordsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__import_records_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecordsResponse>) throws {
    self.imported = c.pointee.imported
    self.unchanged = c.pointee.unchanged
    self.problems = try Decoded.messages(c.pointee.problems, c.pointee.n_problems)
    self.heldBack = c.pointee.held_back
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ImportRecordsResponse>, _ arena: Arena) throws {
    lauter__store__v1__import_records_response__init(c)
    c.pointee.imported = imported
    c.pointee.unchanged = unchanged
    c.pointee.n_problems = problems.count
    c.pointee.problems = try arena.messages(problems)
    c.pointee.held_back = heldBack
  }
}

extension StoreV1 {
  public struct ImportProblem: Message, Hashable, Sendable {
    public var line: UInt64
    public var externalId: String
    /// The field, label or user that is wrong; empty where the whole record is.
    public var field: String
    public var message: String

    public init(
      line: UInt64 = 0,
      externalId: String = "",
      field: String = "",
      message: String = ""
    ) {
      self.line = line
      self.externalId = externalId
      self.field = field
      self.message = message
    }
  }
}

extension StoreV1.ImportProblem: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__import_problem__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ImportProblem>) throws {
    self.line = c.pointee.line
    self.externalId = String(cString: c.pointee.external_id)
    self.field = String(cString: c.pointee.field)
    self.message = String(cString: c.pointee.message)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ImportProblem>, _ arena: Arena) throws {
    lauter__store__v1__import_problem__init(c)
    c.pointee.line = line
    c.pointee.external_id = try arena.string(externalId, "lauter.store.v1.ImportProblem.external_id")
    c.pointee.field = try arena.string(field, "lauter.store.v1.ImportProblem.field")
    c.pointee.message = try arena.string(message, "lauter.store.v1.ImportProblem.message")
  }
}

extension StoreV1 {
  public struct RecordFilter: Message, Hashable, Sendable {
    public var dataset: String
    /// Unspecified means any, here and below.
    public var status: StoreV1.RecordStatus
    public var split: StoreV1.Split
    /// Only records this agent has made no suggestion for, failures included.
    public var withoutSuggestionBy: String
    /// Only records this agent has made a suggestion for.
    public var withSuggestionBy: String
    /// Only records this user has no response to.
    public var withoutResponseBy: String

    public init(
      dataset: String = "",
      status: StoreV1.RecordStatus = .unspecified,
      split: StoreV1.Split = .unspecified,
      withoutSuggestionBy: String = "",
      withSuggestionBy: String = "",
      withoutResponseBy: String = ""
    ) {
      self.dataset = dataset
      self.status = status
      self.split = split
      self.withoutSuggestionBy = withoutSuggestionBy
      self.withSuggestionBy = withSuggestionBy
      self.withoutResponseBy = withoutResponseBy
    }
  }
}

extension StoreV1.RecordFilter: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__record_filter__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__RecordFilter>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.status = .init(rawValue: .init(truncatingIfNeeded: c.pointee.status.rawValue))
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    self.withoutSuggestionBy = String(cString: c.pointee.without_suggestion_by)
    self.withSuggestionBy = String(cString: c.pointee.with_suggestion_by)
    self.withoutResponseBy = String(cString: c.pointee.without_response_by)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__RecordFilter>, _ arena: Arena) throws {
    lauter__store__v1__record_filter__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.RecordFilter.dataset")
    c.pointee.status = .init(rawValue: .init(truncatingIfNeeded: status.rawValue))
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    c.pointee.without_suggestion_by = try arena.string(withoutSuggestionBy, "lauter.store.v1.RecordFilter.without_suggestion_by")
    c.pointee.with_suggestion_by = try arena.string(withSuggestionBy, "lauter.store.v1.RecordFilter.with_suggestion_by")
    c.pointee.without_response_by = try arena.string(withoutResponseBy, "lauter.store.v1.RecordFilter.without_response_by")
  }
}

extension StoreV1 {
  /// Records that a model's training found worth a second look.
  public struct Queue: Message, Hashable, Sendable {
    /// "label-errors": answers that are probably wrong. "disagreements": records nobody has answered, where
    /// the classifier contradicts the agent.
    public var name: String
    public var entries: [StoreV1.QueueEntry]

    public init(name: String = "", entries: [StoreV1.QueueEntry] = []) {
      self.name = name
      self.entries = entries
    }
  }
}

extension StoreV1.Queue: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__queue__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Queue>) throws {
    self.name = String(cString: c.pointee.name)
    self.entries = try Decoded.messages(c.pointee.entries, c.pointee.n_entries)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Queue>, _ arena: Arena) throws {
    lauter__store__v1__queue__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Queue.name")
    c.pointee.n_entries = entries.count
    c.pointee.entries = try arena.messages(entries)
  }
}

extension StoreV1 {
  public struct QueueEntry: Message, Hashable, Sendable {
    public var recordId: Int64
    /// In [0, 1]; the higher, the more it is worth a look.
    public var score: Double
    /// What the classifier says.
    public var label: String

    public init(recordId: Int64 = 0, score: Double = 0, label: String = "") {
      self.recordId = recordId
      self.score = score
      self.label = label
    }
  }
}

extension StoreV1.QueueEntry: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__queue_entry__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__QueueEntry>) throws {
    self.recordId = c.pointee.record_id
    self.score = c.pointee.score
    self.label = String(cString: c.pointee.label)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__QueueEntry>, _ arena: Arena) throws {
    lauter__store__v1__queue_entry__init(c)
    c.pointee.record_id = recordId
    c.pointee.score = score
    try arena.keepNegativeZero(score, 2, &c.pointee.base)
    c.pointee.label = try arena.string(label, "lauter.store.v1.QueueEntry.label")
  }
}

extension StoreV1 {
  public struct ListQueueRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var queue: String
    /// 1 to 1000; 0 means 100.
    public var pageSize: UInt32
    /// From the previous answer; empty for the first page.
    public var pageToken: String

    public init(
      dataset: String = "",
      queue: String = "",
      pageSize: UInt32 = 0,
      pageToken: String = ""
    ) {
      self.dataset = dataset
      self.queue = queue
      self.pageSize = pageSize
      self.pageToken = pageToken
    }
  }
}

extension StoreV1.ListQueueRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_queue_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListQueueRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.queue = String(cString: c.pointee.queue)
    self.pageSize = c.pointee.page_size
    self.pageToken = String(cString: c.pointee.page_token)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListQueueRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_queue_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.ListQueueRequest.dataset")
    c.pointee.queue = try arena.string(queue, "lauter.store.v1.ListQueueRequest.queue")
    c.pointee.page_size = pageSize
    c.pointee.page_token = try arena.string(pageToken, "lauter.store.v1.ListQueueRequest.page_token")
  }
}

extension StoreV1 {
  public struct ListQueueResponse: Message, Hashable, Sendable {
    public var records: [StoreV1.QueuedRecord]
    /// Empty on the last page.
    public var nextPageToken: String
    /// Whose training filled the queue.
    public var model: String
    public var version: UInt64

    public init(
      records: [StoreV1.QueuedRecord] = [],
      nextPageToken: String = "",
      model: String = "",
      version: UInt64 = 0
    ) {
      self.records = records
      self.nextPageToken = nextPageToken
      self.model = model
      self.version = version
    }
  }
}

extension StoreV1.ListQueueResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_queue_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListQueueResponse>) throws {
    self.records = try Decoded.messages(c.pointee.records, c.pointee.n_records)
    self.nextPageToken = String(cString: c.pointee.next_page_token)
    self.model = String(cString: c.pointee.model)
    self.version = c.pointee.version
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListQueueResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_queue_response__init(c)
    c.pointee.n_records = records.count
    c.pointee.records = try arena.messages(records)
    c.pointee.next_page_token = try arena.string(nextPageToken, "lauter.store.v1.ListQueueResponse.next_page_token")
    c.pointee.model = try arena.string(model, "lauter.store.v1.ListQueueResponse.model")
    c.pointee.version = version
  }
}

extension StoreV1 {
  public struct QueuedRecord: Message, Hashable, Sendable {
    public var record: StoreV1.Record?
    public var score: Double
    public var label: String

    public init(record: StoreV1.Record? = nil, score: Double = 0, label: String = "") {
      self.record = record
      self.score = score
      self.label = label
    }
  }
}

extension StoreV1.QueuedRecord: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__queued_record__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__QueuedRecord>) throws {
    self.record = try c.pointee.record.map { try .init(c: $0) }
    self.score = c.pointee.score
    self.label = String(cString: c.pointee.label)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__QueuedRecord>, _ arena: Arena) throws {
    lauter__store__v1__queued_record__init(c)
    if let record { c.pointee.record = try arena.message(record) }
    c.pointee.score = score
    try arena.keepNegativeZero(score, 2, &c.pointee.base)
    c.pointee.label = try arena.string(label, "lauter.store.v1.QueuedRecord.label")
  }
}

extension StoreV1 {
  public struct GetRecordRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var key: StoreV1.GetRecordRequest.Key?

    public init(dataset: String = "", key: StoreV1.GetRecordRequest.Key? = nil) {
      self.dataset = dataset
      self.key = key
    }

    public enum Key: Hashable, Sendable {
      case id(Int64)
      case externalId(String)
    }
  }
}

extension StoreV1.GetRecordRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_record_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetRecordRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    switch c.pointee.key_case.rawValue {
    case 2: self.key = .id(c.pointee.id)
    case 3: self.key = .externalId(String(cString: c.pointee.external_id))
    default: self.key = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetRecordRequest>, _ arena: Arena) throws {
    lauter__store__v1__get_record_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.GetRecordRequest.dataset")
    switch key {
    case .id(let value):
      c.pointee.key_case = .init(2)
      c.pointee.id = value
    case .externalId(let value):
      c.pointee.key_case = .init(3)
      c.pointee.external_id = try arena.string(value, "lauter.store.v1.GetRecordRequest.external_id")
    case nil: break
    }
  }
}

extension StoreV1 {
  public struct GetRecordResponse: Message, Hashable, Sendable {
    public var record: StoreV1.Record?

    public init(record: StoreV1.Record? = nil) {
      self.record = record
    }
  }
}

extension StoreV1.GetRecordResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_record_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetRecordResponse>) throws {
    self.record = try c.pointee.record.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetRecordResponse>, _ arena: Arena) throws {
    lauter__store__v1__get_record_response__init(c)
    if let record { c.pointee.record = try arena.message(record) }
  }
}

extension StoreV1 {
  public struct ListRecordsRequest: Message, Hashable, Sendable {
    public var filter: StoreV1.RecordFilter?
    /// 1 to 1000; 0 means 100.
    public var pageSize: UInt32
    /// From the previous answer; empty for the first page.
    public var pageToken: String

    public init(
      filter: StoreV1.RecordFilter? = nil,
      pageSize: UInt32 = 0,
      pageToken: String = ""
    ) {
      self.filter = filter
      self.pageSize = pageSize
      self.pageToken = pageToken
    }
  }
}

extension StoreV1.ListRecordsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_records_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListRecordsRequest>) throws {
    self.filter = try c.pointee.filter.map { try .init(c: $0) }
    self.pageSize = c.pointee.page_size
    self.pageToken = String(cString: c.pointee.page_token)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListRecordsRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_records_request__init(c)
    if let filter { c.pointee.filter = try arena.message(filter) }
    c.pointee.page_size = pageSize
    c.pointee.page_token = try arena.string(pageToken, "lauter.store.v1.ListRecordsRequest.page_token")
  }
}

extension StoreV1 {
  public struct ListRecordsResponse: Message, Hashable, Sendable {
    public var records: [StoreV1.Record]
    /// Empty on the last page.
    public var nextPageToken: String

    public init(records: [StoreV1.Record] = [], nextPageToken: String = "") {
      self.records = records
      self.nextPageToken = nextPageToken
    }
  }
}

extension StoreV1.ListRecordsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_records_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListRecordsResponse>) throws {
    self.records = try Decoded.messages(c.pointee.records, c.pointee.n_records)
    self.nextPageToken = String(cString: c.pointee.next_page_token)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListRecordsResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_records_response__init(c)
    c.pointee.n_records = records.count
    c.pointee.records = try arena.messages(records)
    c.pointee.next_page_token = try arena.string(nextPageToken, "lauter.store.v1.ListRecordsResponse.next_page_token")
  }
}

extension StoreV1 {
  public struct ExportRecordsRequest: Message, Hashable, Sendable {
    public var filter: StoreV1.RecordFilter?

    public init(filter: StoreV1.RecordFilter? = nil) {
      self.filter = filter
    }
  }
}

extension StoreV1.ExportRecordsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__export_records_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ExportRecordsRequest>) throws {
    self.filter = try c.pointee.filter.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ExportRecordsRequest>, _ arena: Arena) throws {
    lauter__store__v1__export_records_request__init(c)
    if let filter { c.pointee.filter = try arena.message(filter) }
  }
}

extension StoreV1 {
  public struct ExportRecordsResponse: Message, Hashable, Sendable {
    public var records: [StoreV1.Record]

    public init(records: [StoreV1.Record] = []) {
      self.records = records
    }
  }
}

extension StoreV1.ExportRecordsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__export_records_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ExportRecordsResponse>) throws {
    self.records = try Decoded.messages(c.pointee.records, c.pointee.n_records)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ExportRecordsResponse>, _ arena: Arena) throws {
    lauter__store__v1__export_records_response__init(c)
    c.pointee.n_records = records.count
    c.pointee.records = try arena.messages(records)
  }
}

extension StoreV1 {
  public struct WriteSuggestionsRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var suggestions: [StoreV1.Suggestion]
    /// Where a job writes: its lease, so that a worker that lost the job is refused (ABORTED).
    public var lease: StoreV1.Lease?

    public init(
      dataset: String = "",
      suggestions: [StoreV1.Suggestion] = [],
      lease: StoreV1.Lease? = nil
    ) {
      self.dataset = dataset
      self.suggestions = suggestions
      self.lease = lease
    }
  }
}

extension StoreV1.WriteSuggestionsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__write_suggestions_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WriteSuggestionsRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.suggestions = try Decoded.messages(c.pointee.suggestions, c.pointee.n_suggestions)
    self.lease = try c.pointee.lease.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WriteSuggestionsRequest>, _ arena: Arena) throws {
    lauter__store__v1__write_suggestions_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.WriteSuggestionsRequest.dataset")
    c.pointee.n_suggestions = suggestions.count
    c.pointee.suggestions = try arena.messages(suggestions)
    if let lease { c.pointee.lease = try arena.message(lease) }
  }
}

extension StoreV1 {
  public struct WriteSuggestionsResponse: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.WriteSuggestionsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__write_suggestions_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WriteSuggestionsResponse>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WriteSuggestionsResponse>, _ arena: Arena) throws {
    lauter__store__v1__write_suggestions_response__init(c)
  }
}

extension StoreV1 {
  public struct WriteResponsesRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var responses: [StoreV1.Response]

    public init(dataset: String = "", responses: [StoreV1.Response] = []) {
      self.dataset = dataset
      self.responses = responses
    }
  }
}

extension StoreV1.WriteResponsesRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__write_responses_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WriteResponsesRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.responses = try Decoded.messages(c.pointee.responses, c.pointee.n_responses)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WriteResponsesRequest>, _ arena: Arena) throws {
    lauter__store__v1__write_responses_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.WriteResponsesRequest.dataset")
    c.pointee.n_responses = responses.count
    c.pointee.responses = try arena.messages(responses)
  }
}

extension StoreV1 {
  public struct WriteResponsesResponse: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.WriteResponsesResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__write_responses_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WriteResponsesResponse>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WriteResponsesResponse>, _ arena: Arena) throws {
    lauter__store__v1__write_responses_response__init(c)
  }
}

extension StoreV1 {
  public struct DeleteResponseRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var recordId: Int64
    public var user: String

    public init(dataset: String = "", recordId: Int64 = 0, user: String = "") {
      self.dataset = dataset
      self.recordId = recordId
      self.user = user
    }
  }
}

extension StoreV1.DeleteResponseRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__delete_response_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__DeleteResponseRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    self.recordId = c.pointee.record_id
    self.user = String(cString: c.pointee.user)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__DeleteResponseRequest>, _ arena: Arena) throws {
    lauter__store__v1__delete_response_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.DeleteResponseRequest.dataset")
    c.pointee.record_id = recordId
    c.pointee.user = try arena.string(user, "lauter.store.v1.DeleteResponseRequest.user")
  }
}

extension StoreV1 {
  public struct DeleteResponseResponse: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.DeleteResponseResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__delete_response_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__DeleteResponseResponse>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__DeleteResponseResponse>, _ arena: Arena) throws {
    lauter__store__v1__delete_response_response__init(c)
  }
}

extension StoreV1 {
  public struct Job: Message, Hashable, Sendable {
    public var id: String
    public var dataset: String
    public var spec: StoreV1.Job.Spec?
    public var state: StoreV1.JobState
    public var progress: StoreV1.JobProgress?
    /// Why it failed, and what to do.
    public var error: String
    public var result: StoreV1.Job.Result?
    /// How often it has been claimed.
    public var attempt: UInt32
    public var worker: String
    public var createTimeMs: Int64
    public var startTimeMs: Int64
    public var finishTimeMs: Int64
    public var cancelRequested: Bool

    public init(
      id: String = "",
      dataset: String = "",
      spec: StoreV1.Job.Spec? = nil,
      state: StoreV1.JobState = .unspecified,
      progress: StoreV1.JobProgress? = nil,
      error: String = "",
      result: StoreV1.Job.Result? = nil,
      attempt: UInt32 = 0,
      worker: String = "",
      createTimeMs: Int64 = 0,
      startTimeMs: Int64 = 0,
      finishTimeMs: Int64 = 0,
      cancelRequested: Bool = false
    ) {
      self.id = id
      self.dataset = dataset
      self.spec = spec
      self.state = state
      self.progress = progress
      self.error = error
      self.result = result
      self.attempt = attempt
      self.worker = worker
      self.createTimeMs = createTimeMs
      self.startTimeMs = startTimeMs
      self.finishTimeMs = finishTimeMs
      self.cancelRequested = cancelRequested
    }

    public enum Spec: Hashable, Sendable {
      case labelling(StoreV1.LabellingSpec)
      case training(StoreV1.TrainingSpec)
    }

    public enum Result: Hashable, Sendable {
      case labellingResult(StoreV1.LabellingResult)
      case trainingResult(StoreV1.TrainingResult)
    }
  }
}

extension StoreV1.Job: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__job__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Job>) throws {
    self.id = String(cString: c.pointee.id)
    self.dataset = String(cString: c.pointee.dataset)
    switch c.pointee.spec_case.rawValue {
    case 3: self.spec = try .labelling(StoreV1.LabellingSpec(c: c.pointee.labelling))
    case 4: self.spec = try .training(StoreV1.TrainingSpec(c: c.pointee.training))
    default: self.spec = nil
    }
    self.state = .init(rawValue: .init(truncatingIfNeeded: c.pointee.state.rawValue))
    self.progress = try c.pointee.progress.map { try .init(c: $0) }
    self.error = String(cString: c.pointee.error)
    switch c.pointee.result_case.rawValue {
    case 8: self.result = try .labellingResult(StoreV1.LabellingResult(c: c.pointee.labelling_result))
    case 9: self.result = try .trainingResult(StoreV1.TrainingResult(c: c.pointee.training_result))
    default: self.result = nil
    }
    self.attempt = c.pointee.attempt
    self.worker = String(cString: c.pointee.worker)
    self.createTimeMs = c.pointee.create_time_ms
    self.startTimeMs = c.pointee.start_time_ms
    self.finishTimeMs = c.pointee.finish_time_ms
    self.cancelRequested = c.pointee.cancel_requested != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Job>, _ arena: Arena) throws {
    lauter__store__v1__job__init(c)
    c.pointee.id = try arena.string(id, "lauter.store.v1.Job.id")
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.Job.dataset")
    switch spec {
    case .labelling(let value):
      c.pointee.spec_case = .init(3)
      c.pointee.labelling = try arena.message(value)
    case .training(let value):
      c.pointee.spec_case = .init(4)
      c.pointee.training = try arena.message(value)
    case nil: break
    }
    c.pointee.state = .init(rawValue: .init(truncatingIfNeeded: state.rawValue))
    if let progress { c.pointee.progress = try arena.message(progress) }
    c.pointee.error = try arena.string(error, "lauter.store.v1.Job.error")
    switch result {
    case .labellingResult(let value):
      c.pointee.result_case = .init(8)
      c.pointee.labelling_result = try arena.message(value)
    case .trainingResult(let value):
      c.pointee.result_case = .init(9)
      c.pointee.training_result = try arena.message(value)
    case nil: break
    }
    c.pointee.attempt = attempt
    c.pointee.worker = try arena.string(worker, "lauter.store.v1.Job.worker")
    c.pointee.create_time_ms = createTimeMs
    c.pointee.start_time_ms = startTimeMs
    c.pointee.finish_time_ms = finishTimeMs
    c.pointee.cancel_requested = cancelRequested ? 1 : 0
  }
}

extension StoreV1 {
  public struct JobProgress: Message, Hashable, Sendable {
    /// "labelling", "body", "head", "evaluation", ...
    public var phase: String
    public var done: UInt64
    public var total: UInt64
    /// The training loss, where there is one.
    public var loss: Double?
    /// Through the encoder since the phase began, where that is known.
    public var textsPerSecond: Double?
    /// Until the phase is over, if it goes on as it has.
    public var secondsLeft: Double?

    public init(
      phase: String = "",
      done: UInt64 = 0,
      total: UInt64 = 0,
      loss: Double? = nil,
      textsPerSecond: Double? = nil,
      secondsLeft: Double? = nil
    ) {
      self.phase = phase
      self.done = done
      self.total = total
      self.loss = loss
      self.textsPerSecond = textsPerSecond
      self.secondsLeft = secondsLeft
    }
  }
}

extension StoreV1.JobProgress: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__job_progress__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__JobProgress>) throws {
    self.phase = String(cString: c.pointee.phase)
    self.done = c.pointee.done
    self.total = c.pointee.total
    self.loss = c.pointee.loss__case.rawValue == 4 ? c.pointee.loss : nil
    self.textsPerSecond = c.pointee.texts_per_second__case.rawValue == 5 ? c.pointee.texts_per_second : nil
    self.secondsLeft = c.pointee.seconds_left__case.rawValue == 6 ? c.pointee.seconds_left : nil
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__JobProgress>, _ arena: Arena) throws {
    lauter__store__v1__job_progress__init(c)
    c.pointee.phase = try arena.string(phase, "lauter.store.v1.JobProgress.phase")
    c.pointee.done = done
    c.pointee.total = total
    if let loss {
      c.pointee.loss__case = .init(4)
      c.pointee.loss = loss
    }
    if let textsPerSecond {
      c.pointee.texts_per_second__case = .init(5)
      c.pointee.texts_per_second = textsPerSecond
    }
    if let secondsLeft {
      c.pointee.seconds_left__case = .init(6)
      c.pointee.seconds_left = secondsLeft
    }
  }
}

extension StoreV1 {
  public struct LabellingSpec: Message, Hashable, Sendable {
    /// Reviewed records per label to show in the prompt. 0: none.
    public var shots: UInt32
    /// Stop after so many records; 0: all of them.
    public var limit: UInt64
    /// Label reviewed records too (to measure the agent against people), not only pending ones.
    public var includeReviewed: Bool
    /// Only this split; unspecified: all.
    public var split: StoreV1.Split

    public init(
      shots: UInt32 = 0,
      limit: UInt64 = 0,
      includeReviewed: Bool = false,
      split: StoreV1.Split = .unspecified
    ) {
      self.shots = shots
      self.limit = limit
      self.includeReviewed = includeReviewed
      self.split = split
    }
  }
}

extension StoreV1.LabellingSpec: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__labelling_spec__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__LabellingSpec>) throws {
    self.shots = c.pointee.shots
    self.limit = c.pointee.limit
    self.includeReviewed = c.pointee.include_reviewed != 0
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__LabellingSpec>, _ arena: Arena) throws {
    lauter__store__v1__labelling_spec__init(c)
    c.pointee.shots = shots
    c.pointee.limit = limit
    c.pointee.include_reviewed = includeReviewed ? 1 : 0
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
  }
}

extension StoreV1 {
  public struct LabellingResult: Message, Hashable, Sendable {
    public var agent: String
    public var suggested: UInt64
    public var failed: UInt64

    public init(agent: String = "", suggested: UInt64 = 0, failed: UInt64 = 0) {
      self.agent = agent
      self.suggested = suggested
      self.failed = failed
    }
  }
}

extension StoreV1.LabellingResult: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__labelling_result__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__LabellingResult>) throws {
    self.agent = String(cString: c.pointee.agent)
    self.suggested = c.pointee.suggested
    self.failed = c.pointee.failed
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__LabellingResult>, _ arena: Arena) throws {
    lauter__store__v1__labelling_result__init(c)
    c.pointee.agent = try arena.string(agent, "lauter.store.v1.LabellingResult.agent")
    c.pointee.suggested = suggested
    c.pointee.failed = failed
  }
}

extension StoreV1 {
  /// SetFit's training arguments, its two-phase tuples told apart as body_ and head_. Zero means the default:
  /// SetFit's, but for lauter's body_learning_rate, 0.0003.
  public struct TrainingSpec: Message, Hashable, Sendable {
    /// The model to publish a new version of. Empty: the data set's name.
    public var model: String
    /// The encoder to start from. Empty: the store's default.
    public var encoder: String
    /// Train on suggestions too, where a record has no submitted response, without asking whether they help.
    /// Of a published model: it was trained on them.
    public var useSuggestions: Bool
    /// Only suggestions by this agent; empty: the agent that suggested most.
    public var agent: String
    /// At most so many responses per label; 0: all.
    public var shots: UInt32
    public var seed: UInt64?
    public var bodyEpochs: UInt32
    /// Texts of a step on the body; under setfit pairs.
    public var bodyBatchSize: UInt32
    public var bodyLearningRate: Double
    /// At most so many optimiser steps on the body, and under setfit exactly so many, whatever the epochs;
    /// 0: as many as the epochs have, under lauter at most 96, or 296 where it learns from suggestions.
    public var maxSteps: UInt32
    /// These two are of setfit.
    public var samplingStrategy: StoreV1.SamplingStrategy
    public var numIterations: UInt32
    public var warmupProportion: Double?
    public var l2Weight: Double?
    /// Tokens per text; 0: the encoder's own maximum.
    public var maxLength: UInt32
    /// The head's inverse regularisation strength: SetFit's C; under lauter a factor on its own. 0: 1.
    public var headC: Double
    /// Leaves the body as it is and trains the head alone (a linear probe).
    public var freezeBody: Bool
    /// "lauter" or "setfit"; empty: lauter. SetFit's is for comparison and reproduces it to the letter.
    public var recipe: String
    /// Of the cross-validation on the training records; 0: none.
    public var folds: UInt32?
    /// Leaves suggestions out. Otherwise lauter uses them where cross-validation says that they help, and
    /// setfit where use_suggestions is set.
    public var noSuggestions: Bool
    /// Of setfit's body training. Unspecified: cosine similarity.
    public var loss: StoreV1.Loss
    /// Of the contrastive loss. Unspecified: cosine.
    public var distanceMetric: StoreV1.DistanceMetric
    /// Of the contrastive loss: how far apart texts of different labels should be. Default: 0.5.
    public var margin: Double?
    /// Unspecified: logistic regression.
    public var head: StoreV1.HeadKind
    /// Each label counts alike in a logistic regression, however many records it has.
    public var balanceLabels: Bool
    /// The following are of a differentiable head.
    public var headEpochs: UInt32
    public var headBatchSize: UInt32
    public var headLearningRate: Double
    /// What its scores are divided by. 0: 1.
    public var headTemperature: Double
    /// The body learns along with it, at a rate of its own.
    public var endToEnd: Bool
    public var bodyClassifierLearningRate: Double
    /// Trains without dropout.
    public var noDropout: Bool

    public init(
      model: String = "",
      encoder: String = "",
      useSuggestions: Bool = false,
      agent: String = "",
      shots: UInt32 = 0,
      seed: UInt64? = nil,
      bodyEpochs: UInt32 = 0,
      bodyBatchSize: UInt32 = 0,
      bodyLearningRate: Double = 0,
      maxSteps: UInt32 = 0,
      samplingStrategy: StoreV1.SamplingStrategy = .unspecified,
      numIterations: UInt32 = 0,
      warmupProportion: Double? = nil,
      l2Weight: Double? = nil,
      maxLength: UInt32 = 0,
      headC: Double = 0,
      freezeBody: Bool = false,
      recipe: String = "",
      folds: UInt32? = nil,
      noSuggestions: Bool = false,
      loss: StoreV1.Loss = .unspecified,
      distanceMetric: StoreV1.DistanceMetric = .unspecified,
      margin: Double? = nil,
      head: StoreV1.HeadKind = .unspecified,
      balanceLabels: Bool = false,
      headEpochs: UInt32 = 0,
      headBatchSize: UInt32 = 0,
      headLearningRate: Double = 0,
      headTemperature: Double = 0,
      endToEnd: Bool = false,
      bodyClassifierLearningRate: Double = 0,
      noDropout: Bool = false
    ) {
      self.model = model
      self.encoder = encoder
      self.useSuggestions = useSuggestions
      self.agent = agent
      self.shots = shots
      self.seed = seed
      self.bodyEpochs = bodyEpochs
      self.bodyBatchSize = bodyBatchSize
      self.bodyLearningRate = bodyLearningRate
      self.maxSteps = maxSteps
      self.samplingStrategy = samplingStrategy
      self.numIterations = numIterations
      self.warmupProportion = warmupProportion
      self.l2Weight = l2Weight
      self.maxLength = maxLength
      self.headC = headC
      self.freezeBody = freezeBody
      self.recipe = recipe
      self.folds = folds
      self.noSuggestions = noSuggestions
      self.loss = loss
      self.distanceMetric = distanceMetric
      self.margin = margin
      self.head = head
      self.balanceLabels = balanceLabels
      self.headEpochs = headEpochs
      self.headBatchSize = headBatchSize
      self.headLearningRate = headLearningRate
      self.headTemperature = headTemperature
      self.endToEnd = endToEnd
      self.bodyClassifierLearningRate = bodyClassifierLearningRate
      self.noDropout = noDropout
    }
  }
}

extension StoreV1.TrainingSpec: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__training_spec__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__TrainingSpec>) throws {
    self.model = String(cString: c.pointee.model)
    self.encoder = String(cString: c.pointee.encoder)
    self.useSuggestions = c.pointee.use_suggestions != 0
    self.agent = String(cString: c.pointee.agent)
    self.shots = c.pointee.shots
    self.seed = c.pointee.seed__case.rawValue == 6 ? c.pointee.seed : nil
    self.bodyEpochs = c.pointee.body_epochs
    self.bodyBatchSize = c.pointee.body_batch_size
    self.bodyLearningRate = c.pointee.body_learning_rate
    self.maxSteps = c.pointee.max_steps
    self.samplingStrategy = .init(rawValue: .init(truncatingIfNeeded: c.pointee.sampling_strategy.rawValue))
    self.numIterations = c.pointee.num_iterations
    self.warmupProportion = c.pointee.warmup_proportion__case.rawValue == 13 ? c.pointee.warmup_proportion : nil
    self.l2Weight = c.pointee.l2_weight__case.rawValue == 14 ? c.pointee.l2_weight : nil
    self.maxLength = c.pointee.max_length
    self.headC = c.pointee.head_c
    self.freezeBody = c.pointee.freeze_body != 0
    self.recipe = String(cString: c.pointee.recipe)
    self.folds = c.pointee.folds__case.rawValue == 19 ? c.pointee.folds : nil
    self.noSuggestions = c.pointee.no_suggestions != 0
    self.loss = .init(rawValue: .init(truncatingIfNeeded: c.pointee.loss.rawValue))
    self.distanceMetric = .init(rawValue: .init(truncatingIfNeeded: c.pointee.distance_metric.rawValue))
    self.margin = c.pointee.margin__case.rawValue == 23 ? c.pointee.margin : nil
    self.head = .init(rawValue: .init(truncatingIfNeeded: c.pointee.head.rawValue))
    self.balanceLabels = c.pointee.balance_labels != 0
    self.headEpochs = c.pointee.head_epochs
    self.headBatchSize = c.pointee.head_batch_size
    self.headLearningRate = c.pointee.head_learning_rate
    self.headTemperature = c.pointee.head_temperature
    self.endToEnd = c.pointee.end_to_end != 0
    self.bodyClassifierLearningRate = c.pointee.body_classifier_learning_rate
    self.noDropout = c.pointee.no_dropout != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__TrainingSpec>, _ arena: Arena) throws {
    lauter__store__v1__training_spec__init(c)
    c.pointee.model = try arena.string(model, "lauter.store.v1.TrainingSpec.model")
    c.pointee.encoder = try arena.string(encoder, "lauter.store.v1.TrainingSpec.encoder")
    c.pointee.use_suggestions = useSuggestions ? 1 : 0
    c.pointee.agent = try arena.string(agent, "lauter.store.v1.TrainingSpec.agent")
    c.pointee.shots = shots
    if let seed {
      c.pointee.seed__case = .init(6)
      c.pointee.seed = seed
    }
    c.pointee.body_epochs = bodyEpochs
    c.pointee.body_batch_size = bodyBatchSize
    c.pointee.body_learning_rate = bodyLearningRate
    try arena.keepNegativeZero(bodyLearningRate, 9, &c.pointee.base)
    c.pointee.max_steps = maxSteps
    c.pointee.sampling_strategy = .init(rawValue: .init(truncatingIfNeeded: samplingStrategy.rawValue))
    c.pointee.num_iterations = numIterations
    if let warmupProportion {
      c.pointee.warmup_proportion__case = .init(13)
      c.pointee.warmup_proportion = warmupProportion
    }
    if let l2Weight {
      c.pointee.l2_weight__case = .init(14)
      c.pointee.l2_weight = l2Weight
    }
    c.pointee.max_length = maxLength
    c.pointee.head_c = headC
    try arena.keepNegativeZero(headC, 16, &c.pointee.base)
    c.pointee.freeze_body = freezeBody ? 1 : 0
    c.pointee.recipe = try arena.string(recipe, "lauter.store.v1.TrainingSpec.recipe")
    if let folds {
      c.pointee.folds__case = .init(19)
      c.pointee.folds = folds
    }
    c.pointee.no_suggestions = noSuggestions ? 1 : 0
    c.pointee.loss = .init(rawValue: .init(truncatingIfNeeded: loss.rawValue))
    c.pointee.distance_metric = .init(rawValue: .init(truncatingIfNeeded: distanceMetric.rawValue))
    if let margin {
      c.pointee.margin__case = .init(23)
      c.pointee.margin = margin
    }
    c.pointee.head = .init(rawValue: .init(truncatingIfNeeded: head.rawValue))
    c.pointee.balance_labels = balanceLabels ? 1 : 0
    c.pointee.head_epochs = headEpochs
    c.pointee.head_batch_size = headBatchSize
    c.pointee.head_learning_rate = headLearningRate
    try arena.keepNegativeZero(headLearningRate, 28, &c.pointee.base)
    c.pointee.head_temperature = headTemperature
    try arena.keepNegativeZero(headTemperature, 29, &c.pointee.base)
    c.pointee.end_to_end = endToEnd ? 1 : 0
    c.pointee.body_classifier_learning_rate = bodyClassifierLearningRate
    try arena.keepNegativeZero(bodyClassifierLearningRate, 31, &c.pointee.base)
    c.pointee.no_dropout = noDropout ? 1 : 0
  }
}

extension StoreV1 {
  public struct TrainingResult: Message, Hashable, Sendable {
    public var model: String
    public var version: UInt64
    /// On the test split; absent if it has no submitted responses.
    public var evaluation: StoreV1.Evaluation?
    public var crossValidation: StoreV1.CrossValidation?

    public init(
      model: String = "",
      version: UInt64 = 0,
      evaluation: StoreV1.Evaluation? = nil,
      crossValidation: StoreV1.CrossValidation? = nil
    ) {
      self.model = model
      self.version = version
      self.evaluation = evaluation
      self.crossValidation = crossValidation
    }
  }
}

extension StoreV1.TrainingResult: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__training_result__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__TrainingResult>) throws {
    self.model = String(cString: c.pointee.model)
    self.version = c.pointee.version
    self.evaluation = try c.pointee.evaluation.map { try .init(c: $0) }
    self.crossValidation = try c.pointee.cross_validation.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__TrainingResult>, _ arena: Arena) throws {
    lauter__store__v1__training_result__init(c)
    c.pointee.model = try arena.string(model, "lauter.store.v1.TrainingResult.model")
    c.pointee.version = version
    if let evaluation { c.pointee.evaluation = try arena.message(evaluation) }
    if let crossValidation { c.pointee.cross_validation = try arena.message(crossValidation) }
  }
}

extension StoreV1 {
  /// A worker's right to a job, for a time.
  public struct Lease: Message, Hashable, Sendable {
    public var jobId: String
    /// Higher than every earlier lease of the job.
    public var attempt: UInt32

    public init(jobId: String = "", attempt: UInt32 = 0) {
      self.jobId = jobId
      self.attempt = attempt
    }
  }
}

extension StoreV1.Lease: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__lease__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Lease>) throws {
    self.jobId = String(cString: c.pointee.job_id)
    self.attempt = c.pointee.attempt
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Lease>, _ arena: Arena) throws {
    lauter__store__v1__lease__init(c)
    c.pointee.job_id = try arena.string(jobId, "lauter.store.v1.Lease.job_id")
    c.pointee.attempt = attempt
  }
}

extension StoreV1 {
  public struct CreateJobRequest: Message, Hashable, Sendable {
    public var dataset: String
    public var spec: StoreV1.CreateJobRequest.Spec?

    public init(dataset: String = "", spec: StoreV1.CreateJobRequest.Spec? = nil) {
      self.dataset = dataset
      self.spec = spec
    }

    public enum Spec: Hashable, Sendable {
      case labelling(StoreV1.LabellingSpec)
      case training(StoreV1.TrainingSpec)
    }
  }
}

extension StoreV1.CreateJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__create_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CreateJobRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
    switch c.pointee.spec_case.rawValue {
    case 2: self.spec = try .labelling(StoreV1.LabellingSpec(c: c.pointee.labelling))
    case 3: self.spec = try .training(StoreV1.TrainingSpec(c: c.pointee.training))
    default: self.spec = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CreateJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__create_job_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.CreateJobRequest.dataset")
    switch spec {
    case .labelling(let value):
      c.pointee.spec_case = .init(2)
      c.pointee.labelling = try arena.message(value)
    case .training(let value):
      c.pointee.spec_case = .init(3)
      c.pointee.training = try arena.message(value)
    case nil: break
    }
  }
}

extension StoreV1 {
  public struct CreateJobResponse: Message, Hashable, Sendable {
    public var job: StoreV1.Job?

    public init(job: StoreV1.Job? = nil) {
      self.job = job
    }
  }
}

extension StoreV1.CreateJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__create_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CreateJobResponse>) throws {
    self.job = try c.pointee.job.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CreateJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__create_job_response__init(c)
    if let job { c.pointee.job = try arena.message(job) }
  }
}

extension StoreV1 {
  public struct GetJobRequest: Message, Hashable, Sendable {
    public var id: String

    public init(id: String = "") {
      self.id = id
    }
  }
}

extension StoreV1.GetJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetJobRequest>) throws {
    self.id = String(cString: c.pointee.id)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__get_job_request__init(c)
    c.pointee.id = try arena.string(id, "lauter.store.v1.GetJobRequest.id")
  }
}

extension StoreV1 {
  public struct GetJobResponse: Message, Hashable, Sendable {
    public var job: StoreV1.Job?

    public init(job: StoreV1.Job? = nil) {
      self.job = job
    }
  }
}

extension StoreV1.GetJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetJobResponse>) throws {
    self.job = try c.pointee.job.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__get_job_response__init(c)
    if let job { c.pointee.job = try arena.message(job) }
  }
}

extension StoreV1 {
  public struct ListJobsRequest: Message, Hashable, Sendable {
    /// Empty: of every data set.
    public var dataset: String

    public init(dataset: String = "") {
      self.dataset = dataset
    }
  }
}

extension StoreV1.ListJobsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_jobs_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListJobsRequest>) throws {
    self.dataset = String(cString: c.pointee.dataset)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListJobsRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_jobs_request__init(c)
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.ListJobsRequest.dataset")
  }
}

extension StoreV1 {
  public struct ListJobsResponse: Message, Hashable, Sendable {
    /// Newest first.
    public var jobs: [StoreV1.Job]

    public init(jobs: [StoreV1.Job] = []) {
      self.jobs = jobs
    }
  }
}

extension StoreV1.ListJobsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_jobs_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListJobsResponse>) throws {
    self.jobs = try Decoded.messages(c.pointee.jobs, c.pointee.n_jobs)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListJobsResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_jobs_response__init(c)
    c.pointee.n_jobs = jobs.count
    c.pointee.jobs = try arena.messages(jobs)
  }
}

extension StoreV1 {
  public struct WatchJobRequest: Message, Hashable, Sendable {
    public var id: String

    public init(id: String = "") {
      self.id = id
    }
  }
}

extension StoreV1.WatchJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__watch_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WatchJobRequest>) throws {
    self.id = String(cString: c.pointee.id)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WatchJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__watch_job_request__init(c)
    c.pointee.id = try arena.string(id, "lauter.store.v1.WatchJobRequest.id")
  }
}

extension StoreV1 {
  public struct WatchJobResponse: Message, Hashable, Sendable {
    public var job: StoreV1.Job?

    public init(job: StoreV1.Job? = nil) {
      self.job = job
    }
  }
}

extension StoreV1.WatchJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__watch_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WatchJobResponse>) throws {
    self.job = try c.pointee.job.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WatchJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__watch_job_response__init(c)
    if let job { c.pointee.job = try arena.message(job) }
  }
}

extension StoreV1 {
  public struct CancelJobRequest: Message, Hashable, Sendable {
    public var id: String

    public init(id: String = "") {
      self.id = id
    }
  }
}

extension StoreV1.CancelJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__cancel_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CancelJobRequest>) throws {
    self.id = String(cString: c.pointee.id)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CancelJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__cancel_job_request__init(c)
    c.pointee.id = try arena.string(id, "lauter.store.v1.CancelJobRequest.id")
  }
}

extension StoreV1 {
  public struct CancelJobResponse: Message, Hashable, Sendable {
    public var job: StoreV1.Job?

    public init(job: StoreV1.Job? = nil) {
      self.job = job
    }
  }
}

extension StoreV1.CancelJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__cancel_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CancelJobResponse>) throws {
    self.job = try c.pointee.job.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CancelJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__cancel_job_response__init(c)
    if let job { c.pointee.job = try arena.message(job) }
  }
}

extension StoreV1 {
  public struct ClaimJobRequest: Message, Hashable, Sendable {
    public var kind: StoreV1.JobKind
    /// Names the worker in listings.
    public var worker: String
    /// At most 30000.
    public var waitMs: UInt32

    public init(kind: StoreV1.JobKind = .unspecified, worker: String = "", waitMs: UInt32 = 0) {
      self.kind = kind
      self.worker = worker
      self.waitMs = waitMs
    }
  }
}

extension StoreV1.ClaimJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__claim_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ClaimJobRequest>) throws {
    self.kind = .init(rawValue: .init(truncatingIfNeeded: c.pointee.kind.rawValue))
    self.worker = String(cString: c.pointee.worker)
    self.waitMs = c.pointee.wait_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ClaimJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__claim_job_request__init(c)
    c.pointee.kind = .init(rawValue: .init(truncatingIfNeeded: kind.rawValue))
    c.pointee.worker = try arena.string(worker, "lauter.store.v1.ClaimJobRequest.worker")
    c.pointee.wait_ms = waitMs
  }
}

extension StoreV1 {
  public struct ClaimJobResponse: Message, Hashable, Sendable {
    /// Absent: none to be had.
    public var job: StoreV1.Job?
    public var lease: StoreV1.Lease?
    /// The lease ends unless a heartbeat comes within this time.
    public var leaseMs: UInt32

    public init(job: StoreV1.Job? = nil, lease: StoreV1.Lease? = nil, leaseMs: UInt32 = 0) {
      self.job = job
      self.lease = lease
      self.leaseMs = leaseMs
    }
  }
}

extension StoreV1.ClaimJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__claim_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ClaimJobResponse>) throws {
    self.job = try c.pointee.job.map { try .init(c: $0) }
    self.lease = try c.pointee.lease.map { try .init(c: $0) }
    self.leaseMs = c.pointee.lease_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ClaimJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__claim_job_response__init(c)
    if let job { c.pointee.job = try arena.message(job) }
    if let lease { c.pointee.lease = try arena.message(lease) }
    c.pointee.lease_ms = leaseMs
  }
}

extension StoreV1 {
  public struct HeartbeatJobRequest: Message, Hashable, Sendable {
    public var lease: StoreV1.Lease?
    public var progress: StoreV1.JobProgress?

    public init(lease: StoreV1.Lease? = nil, progress: StoreV1.JobProgress? = nil) {
      self.lease = lease
      self.progress = progress
    }
  }
}

extension StoreV1.HeartbeatJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__heartbeat_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__HeartbeatJobRequest>) throws {
    self.lease = try c.pointee.lease.map { try .init(c: $0) }
    self.progress = try c.pointee.progress.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__HeartbeatJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__heartbeat_job_request__init(c)
    if let lease { c.pointee.lease = try arena.message(lease) }
    if let progress { c.pointee.progress = try arena.message(progress) }
  }
}

extension StoreV1 {
  public struct HeartbeatJobResponse: Message, Hashable, Sendable {
    /// The user asked to stop: finish the job as cancelled.
    public var cancelRequested: Bool

    public init(cancelRequested: Bool = false) {
      self.cancelRequested = cancelRequested
    }
  }
}

extension StoreV1.HeartbeatJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__heartbeat_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__HeartbeatJobResponse>) throws {
    self.cancelRequested = c.pointee.cancel_requested != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__HeartbeatJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__heartbeat_job_response__init(c)
    c.pointee.cancel_requested = cancelRequested ? 1 : 0
  }
}

extension StoreV1 {
  public struct FinishJobRequest: Message, Hashable, Sendable {
    public var lease: StoreV1.Lease?
    /// Succeeded, failed or cancelled; or queued, to hand the job back for another worker to take.
    public var state: StoreV1.JobState
    public var error: String
    public var result: StoreV1.FinishJobRequest.Result?

    public init(
      lease: StoreV1.Lease? = nil,
      state: StoreV1.JobState = .unspecified,
      error: String = "",
      result: StoreV1.FinishJobRequest.Result? = nil
    ) {
      self.lease = lease
      self.state = state
      self.error = error
      self.result = result
    }

    public enum Result: Hashable, Sendable {
      case labellingResult(StoreV1.LabellingResult)
      case trainingResult(StoreV1.TrainingResult)
    }
  }
}

extension StoreV1.FinishJobRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__finish_job_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__FinishJobRequest>) throws {
    self.lease = try c.pointee.lease.map { try .init(c: $0) }
    self.state = .init(rawValue: .init(truncatingIfNeeded: c.pointee.state.rawValue))
    self.error = String(cString: c.pointee.error)
    switch c.pointee.result_case.rawValue {
    case 4: self.result = try .labellingResult(StoreV1.LabellingResult(c: c.pointee.labelling_result))
    case 5: self.result = try .trainingResult(StoreV1.TrainingResult(c: c.pointee.training_result))
    default: self.result = nil
    }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__FinishJobRequest>, _ arena: Arena) throws {
    lauter__store__v1__finish_job_request__init(c)
    if let lease { c.pointee.lease = try arena.message(lease) }
    c.pointee.state = .init(rawValue: .init(truncatingIfNeeded: state.rawValue))
    c.pointee.error = try arena.string(error, "lauter.store.v1.FinishJobRequest.error")
    switch result {
    case .labellingResult(let value):
      c.pointee.result_case = .init(4)
      c.pointee.labelling_result = try arena.message(value)
    case .trainingResult(let value):
      c.pointee.result_case = .init(5)
      c.pointee.training_result = try arena.message(value)
    case nil: break
    }
  }
}

extension StoreV1 {
  public struct FinishJobResponse: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.FinishJobResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__finish_job_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__FinishJobResponse>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__FinishJobResponse>, _ arena: Arena) throws {
    lauter__store__v1__finish_job_response__init(c)
  }
}

extension StoreV1 {
  public struct File: Message, Hashable, Sendable {
    /// Relative, with '/', below the encoder's or model's folder: "1_Pooling/config.json".
    public var path: String
    /// "sha256:" and 64 lower-case hexadecimal digits.
    public var digest: String
    public var sizeBytes: UInt64

    public init(path: String = "", digest: String = "", sizeBytes: UInt64 = 0) {
      self.path = path
      self.digest = digest
      self.sizeBytes = sizeBytes
    }
  }
}

extension StoreV1.File: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__file__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__File>) throws {
    self.path = String(cString: c.pointee.path)
    self.digest = String(cString: c.pointee.digest)
    self.sizeBytes = c.pointee.size_bytes
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__File>, _ arena: Arena) throws {
    lauter__store__v1__file__init(c)
    c.pointee.path = try arena.string(path, "lauter.store.v1.File.path")
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.File.digest")
    c.pointee.size_bytes = sizeBytes
  }
}

extension StoreV1 {
  public struct UploadArtefactRequest: Message, Hashable, Sendable {
    /// Optional, in the first request.
    public var digest: String
    public var chunk: [UInt8]

    public init(digest: String = "", chunk: [UInt8] = []) {
      self.digest = digest
      self.chunk = chunk
    }
  }
}

extension StoreV1.UploadArtefactRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__upload_artefact_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__UploadArtefactRequest>) throws {
    self.digest = String(cString: c.pointee.digest)
    self.chunk = Decoded.bytes(c.pointee.chunk)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__UploadArtefactRequest>, _ arena: Arena) throws {
    lauter__store__v1__upload_artefact_request__init(c)
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.UploadArtefactRequest.digest")
    c.pointee.chunk = try arena.bytes(chunk)
  }
}

extension StoreV1 {
  public struct UploadArtefactResponse: Message, Hashable, Sendable {
    public var digest: String
    public var sizeBytes: UInt64

    public init(digest: String = "", sizeBytes: UInt64 = 0) {
      self.digest = digest
      self.sizeBytes = sizeBytes
    }
  }
}

extension StoreV1.UploadArtefactResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__upload_artefact_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__UploadArtefactResponse>) throws {
    self.digest = String(cString: c.pointee.digest)
    self.sizeBytes = c.pointee.size_bytes
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__UploadArtefactResponse>, _ arena: Arena) throws {
    lauter__store__v1__upload_artefact_response__init(c)
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.UploadArtefactResponse.digest")
    c.pointee.size_bytes = sizeBytes
  }
}

extension StoreV1 {
  public struct DownloadArtefactRequest: Message, Hashable, Sendable {
    public var digest: String
    public var offset: UInt64

    public init(digest: String = "", offset: UInt64 = 0) {
      self.digest = digest
      self.offset = offset
    }
  }
}

extension StoreV1.DownloadArtefactRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__download_artefact_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__DownloadArtefactRequest>) throws {
    self.digest = String(cString: c.pointee.digest)
    self.offset = c.pointee.offset
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__DownloadArtefactRequest>, _ arena: Arena) throws {
    lauter__store__v1__download_artefact_request__init(c)
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.DownloadArtefactRequest.digest")
    c.pointee.offset = offset
  }
}

extension StoreV1 {
  public struct DownloadArtefactResponse: Message, Hashable, Sendable {
    public var chunk: [UInt8]
    /// The whole artefact's size, in the first response.
    public var sizeBytes: UInt64

    public init(chunk: [UInt8] = [], sizeBytes: UInt64 = 0) {
      self.chunk = chunk
      self.sizeBytes = sizeBytes
    }
  }
}

extension StoreV1.DownloadArtefactResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__download_artefact_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__DownloadArtefactResponse>) throws {
    self.chunk = Decoded.bytes(c.pointee.chunk)
    self.sizeBytes = c.pointee.size_bytes
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__DownloadArtefactResponse>, _ arena: Arena) throws {
    lauter__store__v1__download_artefact_response__init(c)
    c.pointee.chunk = try arena.bytes(chunk)
    c.pointee.size_bytes = sizeBytes
  }
}

extension StoreV1 {
  public struct FindArtefactsRequest: Message, Hashable, Sendable {
    public var digests: [String]

    public init(digests: [String] = []) {
      self.digests = digests
    }
  }
}

extension StoreV1.FindArtefactsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__find_artefacts_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__FindArtefactsRequest>) throws {
    self.digests = Decoded.strings(c.pointee.digests, c.pointee.n_digests)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__FindArtefactsRequest>, _ arena: Arena) throws {
    lauter__store__v1__find_artefacts_request__init(c)
    c.pointee.n_digests = digests.count
    c.pointee.digests = try arena.strings(digests, "lauter.store.v1.FindArtefactsRequest.digests")
  }
}

extension StoreV1 {
  public struct FindArtefactsResponse: Message, Hashable, Sendable {
    public var found: [String]

    public init(found: [String] = []) {
      self.found = found
    }
  }
}

extension StoreV1.FindArtefactsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__find_artefacts_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__FindArtefactsResponse>) throws {
    self.found = Decoded.strings(c.pointee.found, c.pointee.n_found)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__FindArtefactsResponse>, _ arena: Arena) throws {
    lauter__store__v1__find_artefacts_response__init(c)
    c.pointee.n_found = found.count
    c.pointee.found = try arena.strings(found, "lauter.store.v1.FindArtefactsResponse.found")
  }
}

extension StoreV1 {
  public struct Encoder: Message, Hashable, Sendable {
    public var name: String
    /// Of the sorted lines "path digest\n": names the encoder's content.
    public var digest: String
    public var files: [StoreV1.File]
    /// Where it came from: a hub repository and revision, a package, a folder.
    public var source: String
    public var isDefault: Bool
    public var createTimeMs: Int64

    public init(
      name: String = "",
      digest: String = "",
      files: [StoreV1.File] = [],
      source: String = "",
      isDefault: Bool = false,
      createTimeMs: Int64 = 0
    ) {
      self.name = name
      self.digest = digest
      self.files = files
      self.source = source
      self.isDefault = isDefault
      self.createTimeMs = createTimeMs
    }
  }
}

extension StoreV1.Encoder: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__encoder__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Encoder>) throws {
    self.name = String(cString: c.pointee.name)
    self.digest = String(cString: c.pointee.digest)
    self.files = try Decoded.messages(c.pointee.files, c.pointee.n_files)
    self.source = String(cString: c.pointee.source)
    self.isDefault = c.pointee.is_default != 0
    self.createTimeMs = c.pointee.create_time_ms
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Encoder>, _ arena: Arena) throws {
    lauter__store__v1__encoder__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Encoder.name")
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.Encoder.digest")
    c.pointee.n_files = files.count
    c.pointee.files = try arena.messages(files)
    c.pointee.source = try arena.string(source, "lauter.store.v1.Encoder.source")
    c.pointee.is_default = isDefault ? 1 : 0
    c.pointee.create_time_ms = createTimeMs
  }
}

extension StoreV1 {
  public struct RegisterEncoderRequest: Message, Hashable, Sendable {
    public var name: String
    public var files: [StoreV1.File]
    public var source: String
    /// The first encoder becomes the default in any case.
    public var makeDefault: Bool

    public init(
      name: String = "",
      files: [StoreV1.File] = [],
      source: String = "",
      makeDefault: Bool = false
    ) {
      self.name = name
      self.files = files
      self.source = source
      self.makeDefault = makeDefault
    }
  }
}

extension StoreV1.RegisterEncoderRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__register_encoder_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__RegisterEncoderRequest>) throws {
    self.name = String(cString: c.pointee.name)
    self.files = try Decoded.messages(c.pointee.files, c.pointee.n_files)
    self.source = String(cString: c.pointee.source)
    self.makeDefault = c.pointee.make_default != 0
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__RegisterEncoderRequest>, _ arena: Arena) throws {
    lauter__store__v1__register_encoder_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.RegisterEncoderRequest.name")
    c.pointee.n_files = files.count
    c.pointee.files = try arena.messages(files)
    c.pointee.source = try arena.string(source, "lauter.store.v1.RegisterEncoderRequest.source")
    c.pointee.make_default = makeDefault ? 1 : 0
  }
}

extension StoreV1 {
  public struct RegisterEncoderResponse: Message, Hashable, Sendable {
    public var encoder: StoreV1.Encoder?

    public init(encoder: StoreV1.Encoder? = nil) {
      self.encoder = encoder
    }
  }
}

extension StoreV1.RegisterEncoderResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__register_encoder_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__RegisterEncoderResponse>) throws {
    self.encoder = try c.pointee.encoder.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__RegisterEncoderResponse>, _ arena: Arena) throws {
    lauter__store__v1__register_encoder_response__init(c)
    if let encoder { c.pointee.encoder = try arena.message(encoder) }
  }
}

extension StoreV1 {
  public struct GetEncoderRequest: Message, Hashable, Sendable {
    public var name: String

    public init(name: String = "") {
      self.name = name
    }
  }
}

extension StoreV1.GetEncoderRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_encoder_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetEncoderRequest>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetEncoderRequest>, _ arena: Arena) throws {
    lauter__store__v1__get_encoder_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.GetEncoderRequest.name")
  }
}

extension StoreV1 {
  public struct GetEncoderResponse: Message, Hashable, Sendable {
    public var encoder: StoreV1.Encoder?

    public init(encoder: StoreV1.Encoder? = nil) {
      self.encoder = encoder
    }
  }
}

extension StoreV1.GetEncoderResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_encoder_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetEncoderResponse>) throws {
    self.encoder = try c.pointee.encoder.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetEncoderResponse>, _ arena: Arena) throws {
    lauter__store__v1__get_encoder_response__init(c)
    if let encoder { c.pointee.encoder = try arena.message(encoder) }
  }
}

extension StoreV1 {
  public struct ListEncodersRequest: Message, Hashable, Sendable {
    public init() {}
  }
}

extension StoreV1.ListEncodersRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_encoders_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListEncodersRequest>) throws {
    self.init()
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListEncodersRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_encoders_request__init(c)
  }
}

extension StoreV1 {
  public struct ListEncodersResponse: Message, Hashable, Sendable {
    public var encoders: [StoreV1.Encoder]

    public init(encoders: [StoreV1.Encoder] = []) {
      self.encoders = encoders
    }
  }
}

extension StoreV1.ListEncodersResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_encoders_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListEncodersResponse>) throws {
    self.encoders = try Decoded.messages(c.pointee.encoders, c.pointee.n_encoders)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListEncodersResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_encoders_response__init(c)
    c.pointee.n_encoders = encoders.count
    c.pointee.encoders = try arena.messages(encoders)
  }
}

extension StoreV1 {
  public struct Model: Message, Hashable, Sendable {
    public var name: String
    public var version: UInt64
    public var dataset: String
    /// In the order of the head's rows.
    public var labels: [String]
    /// Like Encoder.digest.
    public var digest: String
    public var files: [StoreV1.File]
    /// The encoder it was fine-tuned from.
    public var encoder: String
    public var encoderDigest: String
    public var training: StoreV1.TrainingSpec?
    /// On the test split, if it had submitted responses.
    public var evaluation: StoreV1.Evaluation?
    public var trainRecords: UInt64
    public var createTimeMs: Int64
    /// On the training records, each predicted by a head that has not learned from it. Absent where there
    /// are too few.
    public var crossValidation: StoreV1.CrossValidation?

    public init(
      name: String = "",
      version: UInt64 = 0,
      dataset: String = "",
      labels: [String] = [],
      digest: String = "",
      files: [StoreV1.File] = [],
      encoder: String = "",
      encoderDigest: String = "",
      training: StoreV1.TrainingSpec? = nil,
      evaluation: StoreV1.Evaluation? = nil,
      trainRecords: UInt64 = 0,
      createTimeMs: Int64 = 0,
      crossValidation: StoreV1.CrossValidation? = nil
    ) {
      self.name = name
      self.version = version
      self.dataset = dataset
      self.labels = labels
      self.digest = digest
      self.files = files
      self.encoder = encoder
      self.encoderDigest = encoderDigest
      self.training = training
      self.evaluation = evaluation
      self.trainRecords = trainRecords
      self.createTimeMs = createTimeMs
      self.crossValidation = crossValidation
    }
  }
}

extension StoreV1.Model: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__model__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Model>) throws {
    self.name = String(cString: c.pointee.name)
    self.version = c.pointee.version
    self.dataset = String(cString: c.pointee.dataset)
    self.labels = Decoded.strings(c.pointee.labels, c.pointee.n_labels)
    self.digest = String(cString: c.pointee.digest)
    self.files = try Decoded.messages(c.pointee.files, c.pointee.n_files)
    self.encoder = String(cString: c.pointee.encoder)
    self.encoderDigest = String(cString: c.pointee.encoder_digest)
    self.training = try c.pointee.training.map { try .init(c: $0) }
    self.evaluation = try c.pointee.evaluation.map { try .init(c: $0) }
    self.trainRecords = c.pointee.train_records
    self.createTimeMs = c.pointee.create_time_ms
    self.crossValidation = try c.pointee.cross_validation.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Model>, _ arena: Arena) throws {
    lauter__store__v1__model__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.Model.name")
    c.pointee.version = version
    c.pointee.dataset = try arena.string(dataset, "lauter.store.v1.Model.dataset")
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.strings(labels, "lauter.store.v1.Model.labels")
    c.pointee.digest = try arena.string(digest, "lauter.store.v1.Model.digest")
    c.pointee.n_files = files.count
    c.pointee.files = try arena.messages(files)
    c.pointee.encoder = try arena.string(encoder, "lauter.store.v1.Model.encoder")
    c.pointee.encoder_digest = try arena.string(encoderDigest, "lauter.store.v1.Model.encoder_digest")
    if let training { c.pointee.training = try arena.message(training) }
    if let evaluation { c.pointee.evaluation = try arena.message(evaluation) }
    c.pointee.train_records = trainRecords
    c.pointee.create_time_ms = createTimeMs
    if let crossValidation { c.pointee.cross_validation = try arena.message(crossValidation) }
  }
}

extension StoreV1 {
  /// Each record predicted by a head that has not learned from it, nor has its body, but for which suggestions it believed.
  public struct CrossValidation: Message, Hashable, Sendable {
    public var folds: UInt32
    /// Of the records that people have answered. Its split is train.
    public var evaluation: StoreV1.Evaluation?
    /// Whether the published model's body was tuned and these heads' was not; the model should then do better
    /// than this says.
    public var bodyTuned: Bool
    /// Whether it helps to learn from an agent's suggestions too, where there were any, and whose.
    public var suggestions: StoreV1.Trial?
    public var agent: String
    /// Whether it helps to know what the labels are called.
    public var labelNames: StoreV1.Trial?
    /// Whether it helps that the body follows suggestions. Where it does not, it may still learn from the answers.
    public var tuning: StoreV1.Trial?

    public init(
      folds: UInt32 = 0,
      evaluation: StoreV1.Evaluation? = nil,
      bodyTuned: Bool = false,
      suggestions: StoreV1.Trial? = nil,
      agent: String = "",
      labelNames: StoreV1.Trial? = nil,
      tuning: StoreV1.Trial? = nil
    ) {
      self.folds = folds
      self.evaluation = evaluation
      self.bodyTuned = bodyTuned
      self.suggestions = suggestions
      self.agent = agent
      self.labelNames = labelNames
      self.tuning = tuning
    }
  }
}

extension StoreV1.CrossValidation: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__cross_validation__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__CrossValidation>) throws {
    self.folds = c.pointee.folds
    self.evaluation = try c.pointee.evaluation.map { try .init(c: $0) }
    self.bodyTuned = c.pointee.body_tuned != 0
    self.suggestions = try c.pointee.suggestions.map { try .init(c: $0) }
    self.agent = String(cString: c.pointee.agent)
    self.labelNames = try c.pointee.label_names.map { try .init(c: $0) }
    self.tuning = try c.pointee.tuning.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__CrossValidation>, _ arena: Arena) throws {
    lauter__store__v1__cross_validation__init(c)
    c.pointee.folds = folds
    if let evaluation { c.pointee.evaluation = try arena.message(evaluation) }
    c.pointee.body_tuned = bodyTuned ? 1 : 0
    if let suggestions { c.pointee.suggestions = try arena.message(suggestions) }
    c.pointee.agent = try arena.string(agent, "lauter.store.v1.CrossValidation.agent")
    if let labelNames { c.pointee.label_names = try arena.message(labelNames) }
    if let tuning { c.pointee.tuning = try arena.message(tuning) }
  }
}

extension StoreV1 {
  /// A cross-validation on people's answers with and without something.
  public struct Trial: Message, Hashable, Sendable {
    /// The published model was trained with it.
    public var used: Bool
    public var accuracyWith: Double
    public var accuracyWithout: Double
    /// Of calibrated probabilities: smaller is better, and it decides.
    public var logLossWith: Double
    public var logLossWithout: Double

    public init(
      used: Bool = false,
      accuracyWith: Double = 0,
      accuracyWithout: Double = 0,
      logLossWith: Double = 0,
      logLossWithout: Double = 0
    ) {
      self.used = used
      self.accuracyWith = accuracyWith
      self.accuracyWithout = accuracyWithout
      self.logLossWith = logLossWith
      self.logLossWithout = logLossWithout
    }
  }
}

extension StoreV1.Trial: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__trial__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Trial>) throws {
    self.used = c.pointee.used != 0
    self.accuracyWith = c.pointee.accuracy_with
    self.accuracyWithout = c.pointee.accuracy_without
    self.logLossWith = c.pointee.log_loss_with
    self.logLossWithout = c.pointee.log_loss_without
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Trial>, _ arena: Arena) throws {
    lauter__store__v1__trial__init(c)
    c.pointee.used = used ? 1 : 0
    c.pointee.accuracy_with = accuracyWith
    try arena.keepNegativeZero(accuracyWith, 2, &c.pointee.base)
    c.pointee.accuracy_without = accuracyWithout
    try arena.keepNegativeZero(accuracyWithout, 3, &c.pointee.base)
    c.pointee.log_loss_with = logLossWith
    try arena.keepNegativeZero(logLossWith, 4, &c.pointee.base)
    c.pointee.log_loss_without = logLossWithout
    try arena.keepNegativeZero(logLossWithout, 5, &c.pointee.base)
  }
}

extension StoreV1 {
  /// How a classifier (or an agent's suggestions) does against submitted responses.
  public struct Evaluation: Message, Hashable, Sendable {
    public var split: StoreV1.Split
    public var records: UInt64
    public var accuracy: Double
    /// 95% Wilson interval.
    public var accuracyLow: Double
    public var accuracyHigh: Double
    public var macroF1: Double
    public var labels: [StoreV1.LabelEvaluation]
    /// Row-major, actual by predicted, in the order of `labels`.
    public var confusion: [UInt64]
    /// 95% interval, by bootstrap over the records.
    public var macroF1Low: Double
    public var macroF1High: Double
    /// Absent where there are no probabilities, as of an agent's suggestions.
    public var calibration: StoreV1.Calibration?
    /// By metadata value; keys with many values are left out.
    public var slices: [StoreV1.SliceEvaluation]
    /// Absent where nobody has looked for them.
    public var nearDuplicates: StoreV1.NearDuplicates?

    public init(
      split: StoreV1.Split = .unspecified,
      records: UInt64 = 0,
      accuracy: Double = 0,
      accuracyLow: Double = 0,
      accuracyHigh: Double = 0,
      macroF1: Double = 0,
      labels: [StoreV1.LabelEvaluation] = [],
      confusion: [UInt64] = [],
      macroF1Low: Double = 0,
      macroF1High: Double = 0,
      calibration: StoreV1.Calibration? = nil,
      slices: [StoreV1.SliceEvaluation] = [],
      nearDuplicates: StoreV1.NearDuplicates? = nil
    ) {
      self.split = split
      self.records = records
      self.accuracy = accuracy
      self.accuracyLow = accuracyLow
      self.accuracyHigh = accuracyHigh
      self.macroF1 = macroF1
      self.labels = labels
      self.confusion = confusion
      self.macroF1Low = macroF1Low
      self.macroF1High = macroF1High
      self.calibration = calibration
      self.slices = slices
      self.nearDuplicates = nearDuplicates
    }
  }
}

extension StoreV1.Evaluation: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__evaluation__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Evaluation>) throws {
    self.split = .init(rawValue: .init(truncatingIfNeeded: c.pointee.split.rawValue))
    self.records = c.pointee.records
    self.accuracy = c.pointee.accuracy
    self.accuracyLow = c.pointee.accuracy_low
    self.accuracyHigh = c.pointee.accuracy_high
    self.macroF1 = c.pointee.macro_f1
    self.labels = try Decoded.messages(c.pointee.labels, c.pointee.n_labels)
    self.confusion = Decoded.scalars(c.pointee.confusion, c.pointee.n_confusion)
    self.macroF1Low = c.pointee.macro_f1_low
    self.macroF1High = c.pointee.macro_f1_high
    self.calibration = try c.pointee.calibration.map { try .init(c: $0) }
    self.slices = try Decoded.messages(c.pointee.slices, c.pointee.n_slices)
    self.nearDuplicates = try c.pointee.near_duplicates.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Evaluation>, _ arena: Arena) throws {
    lauter__store__v1__evaluation__init(c)
    c.pointee.split = .init(rawValue: .init(truncatingIfNeeded: split.rawValue))
    c.pointee.records = records
    c.pointee.accuracy = accuracy
    try arena.keepNegativeZero(accuracy, 3, &c.pointee.base)
    c.pointee.accuracy_low = accuracyLow
    try arena.keepNegativeZero(accuracyLow, 4, &c.pointee.base)
    c.pointee.accuracy_high = accuracyHigh
    try arena.keepNegativeZero(accuracyHigh, 5, &c.pointee.base)
    c.pointee.macro_f1 = macroF1
    try arena.keepNegativeZero(macroF1, 6, &c.pointee.base)
    c.pointee.n_labels = labels.count
    c.pointee.labels = try arena.messages(labels)
    c.pointee.n_confusion = confusion.count
    c.pointee.confusion = try arena.scalars(confusion)
    c.pointee.macro_f1_low = macroF1Low
    try arena.keepNegativeZero(macroF1Low, 9, &c.pointee.base)
    c.pointee.macro_f1_high = macroF1High
    try arena.keepNegativeZero(macroF1High, 10, &c.pointee.base)
    if let calibration { c.pointee.calibration = try arena.message(calibration) }
    c.pointee.n_slices = slices.count
    c.pointee.slices = try arena.messages(slices)
    if let nearDuplicates { c.pointee.near_duplicates = try arena.message(nearDuplicates) }
  }
}

extension StoreV1 {
  /// Whether probabilities mean what they say.
  public struct Calibration: Message, Hashable, Sendable {
    /// What the head's scores are divided by; 1 where they are left as they are.
    public var temperature: Double
    /// The mean of -log p(actual).
    public var logLoss: Double
    /// The mean distance between a prediction's probability and how often such predictions are right.
    public var expectedCalibrationError: Double
    /// The reliability curve. Empty bins are left out.
    public var bins: [StoreV1.ReliabilityBin]

    public init(
      temperature: Double = 0,
      logLoss: Double = 0,
      expectedCalibrationError: Double = 0,
      bins: [StoreV1.ReliabilityBin] = []
    ) {
      self.temperature = temperature
      self.logLoss = logLoss
      self.expectedCalibrationError = expectedCalibrationError
      self.bins = bins
    }
  }
}

extension StoreV1.Calibration: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__calibration__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__Calibration>) throws {
    self.temperature = c.pointee.temperature
    self.logLoss = c.pointee.log_loss
    self.expectedCalibrationError = c.pointee.expected_calibration_error
    self.bins = try Decoded.messages(c.pointee.bins, c.pointee.n_bins)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__Calibration>, _ arena: Arena) throws {
    lauter__store__v1__calibration__init(c)
    c.pointee.temperature = temperature
    try arena.keepNegativeZero(temperature, 1, &c.pointee.base)
    c.pointee.log_loss = logLoss
    try arena.keepNegativeZero(logLoss, 2, &c.pointee.base)
    c.pointee.expected_calibration_error = expectedCalibrationError
    try arena.keepNegativeZero(expectedCalibrationError, 3, &c.pointee.base)
    c.pointee.n_bins = bins.count
    c.pointee.bins = try arena.messages(bins)
  }
}

extension StoreV1 {
  public struct ReliabilityBin: Message, Hashable, Sendable {
    /// Of the probability of what was predicted: from low up to but not including high (the last includes it).
    public var low: Double
    public var high: Double
    public var records: UInt64
    /// The mean probability.
    public var confidence: Double
    /// The share that was right.
    public var accuracy: Double

    public init(
      low: Double = 0,
      high: Double = 0,
      records: UInt64 = 0,
      confidence: Double = 0,
      accuracy: Double = 0
    ) {
      self.low = low
      self.high = high
      self.records = records
      self.confidence = confidence
      self.accuracy = accuracy
    }
  }
}

extension StoreV1.ReliabilityBin: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__reliability_bin__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ReliabilityBin>) throws {
    self.low = c.pointee.low
    self.high = c.pointee.high
    self.records = c.pointee.records
    self.confidence = c.pointee.confidence
    self.accuracy = c.pointee.accuracy
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ReliabilityBin>, _ arena: Arena) throws {
    lauter__store__v1__reliability_bin__init(c)
    c.pointee.low = low
    try arena.keepNegativeZero(low, 1, &c.pointee.base)
    c.pointee.high = high
    try arena.keepNegativeZero(high, 2, &c.pointee.base)
    c.pointee.records = records
    c.pointee.confidence = confidence
    try arena.keepNegativeZero(confidence, 4, &c.pointee.base)
    c.pointee.accuracy = accuracy
    try arena.keepNegativeZero(accuracy, 5, &c.pointee.base)
  }
}

extension StoreV1 {
  /// The records that have one value of one metadata key.
  public struct SliceEvaluation: Message, Hashable, Sendable {
    public var key: String
    public var value: String
    public var records: UInt64
    public var accuracy: Double
    public var accuracyLow: Double
    public var accuracyHigh: Double
    public var macroF1: Double

    public init(
      key: String = "",
      value: String = "",
      records: UInt64 = 0,
      accuracy: Double = 0,
      accuracyLow: Double = 0,
      accuracyHigh: Double = 0,
      macroF1: Double = 0
    ) {
      self.key = key
      self.value = value
      self.records = records
      self.accuracy = accuracy
      self.accuracyLow = accuracyLow
      self.accuracyHigh = accuracyHigh
      self.macroF1 = macroF1
    }
  }
}

extension StoreV1.SliceEvaluation: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__slice_evaluation__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__SliceEvaluation>) throws {
    self.key = String(cString: c.pointee.key)
    self.value = String(cString: c.pointee.value)
    self.records = c.pointee.records
    self.accuracy = c.pointee.accuracy
    self.accuracyLow = c.pointee.accuracy_low
    self.accuracyHigh = c.pointee.accuracy_high
    self.macroF1 = c.pointee.macro_f1
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__SliceEvaluation>, _ arena: Arena) throws {
    lauter__store__v1__slice_evaluation__init(c)
    c.pointee.key = try arena.string(key, "lauter.store.v1.SliceEvaluation.key")
    c.pointee.value = try arena.string(value, "lauter.store.v1.SliceEvaluation.value")
    c.pointee.records = records
    c.pointee.accuracy = accuracy
    try arena.keepNegativeZero(accuracy, 4, &c.pointee.base)
    c.pointee.accuracy_low = accuracyLow
    try arena.keepNegativeZero(accuracyLow, 5, &c.pointee.base)
    c.pointee.accuracy_high = accuracyHigh
    try arena.keepNegativeZero(accuracyHigh, 6, &c.pointee.base)
    c.pointee.macro_f1 = macroF1
    try arena.keepNegativeZero(macroF1, 7, &c.pointee.base)
  }
}

extension StoreV1 {
  /// Records of the split that are nearly the same as one that was trained on, and therefore say little. An evaluation on
  /// demand holds them against what the train split has by now, answered or suggested by the agent the model learned from.
  public struct NearDuplicates: Message, Hashable, Sendable {
    public var records: UInt64
    /// The first 20.
    public var examples: [StoreV1.NearDuplicate]

    public init(records: UInt64 = 0, examples: [StoreV1.NearDuplicate] = []) {
      self.records = records
      self.examples = examples
    }
  }
}

extension StoreV1.NearDuplicates: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__near_duplicates__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__NearDuplicates>) throws {
    self.records = c.pointee.records
    self.examples = try Decoded.messages(c.pointee.examples, c.pointee.n_examples)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__NearDuplicates>, _ arena: Arena) throws {
    lauter__store__v1__near_duplicates__init(c)
    c.pointee.records = records
    c.pointee.n_examples = examples.count
    c.pointee.examples = try arena.messages(examples)
  }
}

extension StoreV1 {
  public struct NearDuplicate: Message, Hashable, Sendable {
    public var externalId: String
    /// Of the training record.
    public var ofExternalId: String
    /// The share of five-character pieces they have in common.
    public var similarity: Double

    public init(externalId: String = "", ofExternalId: String = "", similarity: Double = 0) {
      self.externalId = externalId
      self.ofExternalId = ofExternalId
      self.similarity = similarity
    }
  }
}

extension StoreV1.NearDuplicate: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__near_duplicate__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__NearDuplicate>) throws {
    self.externalId = String(cString: c.pointee.external_id)
    self.ofExternalId = String(cString: c.pointee.of_external_id)
    self.similarity = c.pointee.similarity
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__NearDuplicate>, _ arena: Arena) throws {
    lauter__store__v1__near_duplicate__init(c)
    c.pointee.external_id = try arena.string(externalId, "lauter.store.v1.NearDuplicate.external_id")
    c.pointee.of_external_id = try arena.string(ofExternalId, "lauter.store.v1.NearDuplicate.of_external_id")
    c.pointee.similarity = similarity
    try arena.keepNegativeZero(similarity, 3, &c.pointee.base)
  }
}

extension StoreV1 {
  public struct LabelEvaluation: Message, Hashable, Sendable {
    public var label: String
    public var precision: Double
    public var recall: Double
    public var f1: Double
    public var support: UInt64

    public init(
      label: String = "",
      precision: Double = 0,
      recall: Double = 0,
      f1: Double = 0,
      support: UInt64 = 0
    ) {
      self.label = label
      self.precision = precision
      self.recall = recall
      self.f1 = f1
      self.support = support
    }
  }
}

extension StoreV1.LabelEvaluation: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__label_evaluation__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__LabelEvaluation>) throws {
    self.label = String(cString: c.pointee.label)
    self.precision = c.pointee.precision
    self.recall = c.pointee.recall
    self.f1 = c.pointee.f1
    self.support = c.pointee.support
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__LabelEvaluation>, _ arena: Arena) throws {
    lauter__store__v1__label_evaluation__init(c)
    c.pointee.label = try arena.string(label, "lauter.store.v1.LabelEvaluation.label")
    c.pointee.precision = precision
    try arena.keepNegativeZero(precision, 2, &c.pointee.base)
    c.pointee.recall = recall
    try arena.keepNegativeZero(recall, 3, &c.pointee.base)
    c.pointee.f1 = f1
    try arena.keepNegativeZero(f1, 4, &c.pointee.base)
    c.pointee.support = support
  }
}

extension StoreV1 {
  public struct PublishModelRequest: Message, Hashable, Sendable {
    /// name, dataset, labels, files, encoder, encoder_digest, training, evaluation, train_records,
    /// cross_validation; the store fills in the rest.
    public var model: StoreV1.Model?
    public var lease: StoreV1.Lease?
    /// Each replaces the data set's queue of that name, together with the publication.
    public var queues: [StoreV1.Queue]

    public init(
      model: StoreV1.Model? = nil,
      lease: StoreV1.Lease? = nil,
      queues: [StoreV1.Queue] = []
    ) {
      self.model = model
      self.lease = lease
      self.queues = queues
    }
  }
}

extension StoreV1.PublishModelRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__publish_model_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__PublishModelRequest>) throws {
    self.model = try c.pointee.model.map { try .init(c: $0) }
    self.lease = try c.pointee.lease.map { try .init(c: $0) }
    self.queues = try Decoded.messages(c.pointee.queues, c.pointee.n_queues)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__PublishModelRequest>, _ arena: Arena) throws {
    lauter__store__v1__publish_model_request__init(c)
    if let model { c.pointee.model = try arena.message(model) }
    if let lease { c.pointee.lease = try arena.message(lease) }
    c.pointee.n_queues = queues.count
    c.pointee.queues = try arena.messages(queues)
  }
}

extension StoreV1 {
  public struct PublishModelResponse: Message, Hashable, Sendable {
    public var model: StoreV1.Model?

    public init(model: StoreV1.Model? = nil) {
      self.model = model
    }
  }
}

extension StoreV1.PublishModelResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__publish_model_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__PublishModelResponse>) throws {
    self.model = try c.pointee.model.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__PublishModelResponse>, _ arena: Arena) throws {
    lauter__store__v1__publish_model_response__init(c)
    if let model { c.pointee.model = try arena.message(model) }
  }
}

extension StoreV1 {
  public struct GetModelRequest: Message, Hashable, Sendable {
    public var name: String
    /// 0: the latest.
    public var version: UInt64

    public init(name: String = "", version: UInt64 = 0) {
      self.name = name
      self.version = version
    }
  }
}

extension StoreV1.GetModelRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_model_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetModelRequest>) throws {
    self.name = String(cString: c.pointee.name)
    self.version = c.pointee.version
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetModelRequest>, _ arena: Arena) throws {
    lauter__store__v1__get_model_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.GetModelRequest.name")
    c.pointee.version = version
  }
}

extension StoreV1 {
  public struct GetModelResponse: Message, Hashable, Sendable {
    public var model: StoreV1.Model?

    public init(model: StoreV1.Model? = nil) {
      self.model = model
    }
  }
}

extension StoreV1.GetModelResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__get_model_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__GetModelResponse>) throws {
    self.model = try c.pointee.model.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__GetModelResponse>, _ arena: Arena) throws {
    lauter__store__v1__get_model_response__init(c)
    if let model { c.pointee.model = try arena.message(model) }
  }
}

extension StoreV1 {
  public struct ListModelsRequest: Message, Hashable, Sendable {
    /// Empty: every model.
    public var name: String

    public init(name: String = "") {
      self.name = name
    }
  }
}

extension StoreV1.ListModelsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_models_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListModelsRequest>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListModelsRequest>, _ arena: Arena) throws {
    lauter__store__v1__list_models_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.ListModelsRequest.name")
  }
}

extension StoreV1 {
  public struct ListModelsResponse: Message, Hashable, Sendable {
    public var models: [StoreV1.Model]

    public init(models: [StoreV1.Model] = []) {
      self.models = models
    }
  }
}

extension StoreV1.ListModelsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__list_models_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__ListModelsResponse>) throws {
    self.models = try Decoded.messages(c.pointee.models, c.pointee.n_models)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__ListModelsResponse>, _ arena: Arena) throws {
    lauter__store__v1__list_models_response__init(c)
    c.pointee.n_models = models.count
    c.pointee.models = try arena.messages(models)
  }
}

extension StoreV1 {
  public struct WatchModelsRequest: Message, Hashable, Sendable {
    public var name: String

    public init(name: String = "") {
      self.name = name
    }
  }
}

extension StoreV1.WatchModelsRequest: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__watch_models_request__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WatchModelsRequest>) throws {
    self.name = String(cString: c.pointee.name)
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WatchModelsRequest>, _ arena: Arena) throws {
    lauter__store__v1__watch_models_request__init(c)
    c.pointee.name = try arena.string(name, "lauter.store.v1.WatchModelsRequest.name")
  }
}

extension StoreV1 {
  public struct WatchModelsResponse: Message, Hashable, Sendable {
    public var model: StoreV1.Model?

    public init(model: StoreV1.Model? = nil) {
      self.model = model
    }
  }
}

extension StoreV1.WatchModelsResponse: CodedMessage {
  package static let descriptor = MessageDescriptor(lauter__store__v1__watch_models_response__init)

  public init(parsing bytes: UnsafeRawBufferPointer) throws { self = try decode(bytes) }

  public func serialize(into output: inout MessageBuffer) throws {
    try encode(self, into: &output)
  }

  package init(c: UnsafeMutablePointer<Lauter__Store__V1__WatchModelsResponse>) throws {
    self.model = try c.pointee.model.map { try .init(c: $0) }
  }

  package func fill(_ c: UnsafeMutablePointer<Lauter__Store__V1__WatchModelsResponse>, _ arena: Arena) throws {
    lauter__store__v1__watch_models_response__init(c)
    if let model { c.pointee.model = try arena.message(model) }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.DatasetService`.
  public protocol DatasetService: Sendable {
    /// ALREADY_EXISTS if the name is taken, INVALID_ARGUMENT if a name or label is malformed.
    func createDataset(
      _ request: StoreV1.CreateDatasetRequest, context: CallContext
    ) async throws -> StoreV1.CreateDatasetResponse

    /// NOT_FOUND names the data sets there are.
    func getDataset(
      _ request: StoreV1.GetDatasetRequest, context: CallContext
    ) async throws -> StoreV1.GetDatasetResponse

    func listDatasets(
      _ request: StoreV1.ListDatasetsRequest, context: CallContext
    ) async throws -> StoreV1.ListDatasetsResponse
  }
}

extension StoreV1 {
  /// Methods of `DatasetService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum DatasetServiceSynchronous {
    public protocol CreateDataset: Sendable {
      func createDataset(
        _ request: StoreV1.CreateDatasetRequest, context: CallContext
      ) throws -> StoreV1.CreateDatasetResponse
    }
    public protocol GetDataset: Sendable {
      func getDataset(
        _ request: StoreV1.GetDatasetRequest, context: CallContext
      ) throws -> StoreV1.GetDatasetResponse
    }
    public protocol ListDatasets: Sendable {
      func listDatasets(
        _ request: StoreV1.ListDatasetsRequest, context: CallContext
      ) throws -> StoreV1.ListDatasetsResponse
    }
  }
}

extension StoreV1.DatasetService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.datasetService(_:)`.
  public var definition: ServiceDefinition { .datasetService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.DatasetService`, handled by `handlers`.
  public static func datasetService(_ handlers: some StoreV1.DatasetService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.DatasetService", file: StoreV1.storeProto,
      methods: [
        .unary(
          "CreateDataset", synchronous: (handlers as? any StoreV1.DatasetServiceSynchronous.CreateDataset)?.createDataset
        ) { try await handlers.createDataset($0, context: $1) },
        .unary(
          "GetDataset", synchronous: (handlers as? any StoreV1.DatasetServiceSynchronous.GetDataset)?.getDataset
        ) { try await handlers.getDataset($0, context: $1) },
        .unary(
          "ListDatasets", synchronous: (handlers as? any StoreV1.DatasetServiceSynchronous.ListDatasets)?.listDatasets
        ) { try await handlers.listDatasets($0, context: $1) },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.DatasetService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct DatasetServiceClient: Sendable {
    private enum Method {
      static let createDataset = MethodDescriptor(
        service: "lauter.store.v1.DatasetService", method: "CreateDataset")
      static let getDataset = MethodDescriptor(
        service: "lauter.store.v1.DatasetService", method: "GetDataset")
      static let listDatasets = MethodDescriptor(
        service: "lauter.store.v1.DatasetService", method: "ListDatasets")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// ALREADY_EXISTS if the name is taken, INVALID_ARGUMENT if a name or label is malformed.
    public nonisolated(nonsending) func createDataset(
      _ request: StoreV1.CreateDatasetRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.CreateDatasetResponse {
      try await channel.unary(Method.createDataset, request, options: options)
    }

    /// NOT_FOUND names the data sets there are.
    public nonisolated(nonsending) func getDataset(
      _ request: StoreV1.GetDatasetRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.GetDatasetResponse {
      try await channel.unary(Method.getDataset, request, options: options)
    }

    public nonisolated(nonsending) func listDatasets(
      _ request: StoreV1.ListDatasetsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListDatasetsResponse {
      try await channel.unary(Method.listDatasets, request, options: options)
    }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.RecordService`.
  public protocol RecordService: Sendable {
    /// Streams records in, batch by batch. Each request is answered by one response, in order, after the
    /// batch is on disk: what was acknowledged survives `kill -9`. The first request names the data set.
    /// Sending the same records again is harmless: a record whose external id and content are already there
    /// is counted as unchanged.
    func importRecords(
      _ requests: RequestStream<StoreV1.ImportRecordsRequest>,
      responses: ResponseWriter<StoreV1.ImportRecordsResponse>,
      context: CallContext
    ) async throws

    func getRecord(
      _ request: StoreV1.GetRecordRequest, context: CallContext
    ) async throws -> StoreV1.GetRecordResponse

    /// One page, ordered by record id.
    func listRecords(
      _ request: StoreV1.ListRecordsRequest, context: CallContext
    ) async throws -> StoreV1.ListRecordsResponse

    /// Every matching record as of one instant, ordered by record id, in batches.
    func exportRecords(
      _ request: StoreV1.ExportRecordsRequest,
      responses: ResponseWriter<StoreV1.ExportRecordsResponse>,
      context: CallContext
    ) async throws

    /// Writes suggestions, one per record and agent: a later one by the same agent replaces the earlier.
    func writeSuggestions(
      _ request: StoreV1.WriteSuggestionsRequest, context: CallContext
    ) async throws -> StoreV1.WriteSuggestionsResponse

    /// Writes responses, one per record and user: a later one by the same user replaces the earlier.
    func writeResponses(
      _ request: StoreV1.WriteResponsesRequest, context: CallContext
    ) async throws -> StoreV1.WriteResponsesResponse

    /// A queue's records, first those most worth a look. A record leaves its queues once somebody responds
    /// to it. An unknown queue is NOT_FOUND and names those there are.
    func listQueue(
      _ request: StoreV1.ListQueueRequest, context: CallContext
    ) async throws -> StoreV1.ListQueueResponse

    /// Takes a user's response to a record back, so that the record is as before (undo).
    func deleteResponse(
      _ request: StoreV1.DeleteResponseRequest, context: CallContext
    ) async throws -> StoreV1.DeleteResponseResponse
  }
}

extension StoreV1 {
  /// Methods of `RecordService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum RecordServiceSynchronous {
    public protocol GetRecord: Sendable {
      func getRecord(
        _ request: StoreV1.GetRecordRequest, context: CallContext
      ) throws -> StoreV1.GetRecordResponse
    }
    public protocol ListRecords: Sendable {
      func listRecords(
        _ request: StoreV1.ListRecordsRequest, context: CallContext
      ) throws -> StoreV1.ListRecordsResponse
    }
    public protocol WriteSuggestions: Sendable {
      func writeSuggestions(
        _ request: StoreV1.WriteSuggestionsRequest, context: CallContext
      ) throws -> StoreV1.WriteSuggestionsResponse
    }
    public protocol WriteResponses: Sendable {
      func writeResponses(
        _ request: StoreV1.WriteResponsesRequest, context: CallContext
      ) throws -> StoreV1.WriteResponsesResponse
    }
    public protocol ListQueue: Sendable {
      func listQueue(
        _ request: StoreV1.ListQueueRequest, context: CallContext
      ) throws -> StoreV1.ListQueueResponse
    }
    public protocol DeleteResponse: Sendable {
      func deleteResponse(
        _ request: StoreV1.DeleteResponseRequest, context: CallContext
      ) throws -> StoreV1.DeleteResponseResponse
    }
  }
}

extension StoreV1.RecordService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.recordService(_:)`.
  public var definition: ServiceDefinition { .recordService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.RecordService`, handled by `handlers`.
  public static func recordService(_ handlers: some StoreV1.RecordService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.RecordService", file: StoreV1.storeProto,
      methods: [
        .bidirectional("ImportRecords") {
          try await handlers.importRecords($0, responses: $1, context: $2)
        },
        .unary(
          "GetRecord", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.GetRecord)?.getRecord
        ) { try await handlers.getRecord($0, context: $1) },
        .unary(
          "ListRecords", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.ListRecords)?.listRecords
        ) { try await handlers.listRecords($0, context: $1) },
        .serverStreaming("ExportRecords") {
          try await handlers.exportRecords($0, responses: $1, context: $2)
        },
        .unary(
          "WriteSuggestions", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.WriteSuggestions)?.writeSuggestions
        ) { try await handlers.writeSuggestions($0, context: $1) },
        .unary(
          "WriteResponses", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.WriteResponses)?.writeResponses
        ) { try await handlers.writeResponses($0, context: $1) },
        .unary(
          "ListQueue", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.ListQueue)?.listQueue
        ) { try await handlers.listQueue($0, context: $1) },
        .unary(
          "DeleteResponse", synchronous: (handlers as? any StoreV1.RecordServiceSynchronous.DeleteResponse)?.deleteResponse
        ) { try await handlers.deleteResponse($0, context: $1) },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.RecordService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct RecordServiceClient: Sendable {
    private enum Method {
      static let importRecords = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "ImportRecords")
      static let getRecord = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "GetRecord")
      static let listRecords = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "ListRecords")
      static let exportRecords = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "ExportRecords")
      static let writeSuggestions = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "WriteSuggestions")
      static let writeResponses = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "WriteResponses")
      static let listQueue = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "ListQueue")
      static let deleteResponse = MethodDescriptor(
        service: "lauter.store.v1.RecordService", method: "DeleteResponse")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Streams records in, batch by batch. Each request is answered by one response, in order, after the
    /// batch is on disk: what was acknowledged survives `kill -9`. The first request names the data set.
    /// Sending the same records again is harmless: a record whose external id and content are already there
    /// is counted as unchanged.
    public nonisolated(nonsending) func importRecords<Result>(
      options: CallOptions = CallOptions(),
      _ produce: @escaping @Sendable (RequestWriter<StoreV1.ImportRecordsRequest>) async throws -> Void,
      _ handle: nonisolated(nonsending) (ResponseStream<StoreV1.ImportRecordsResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.bidirectional(Method.importRecords, options: options, produce, handle)
    }

    public nonisolated(nonsending) func getRecord(
      _ request: StoreV1.GetRecordRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.GetRecordResponse {
      try await channel.unary(Method.getRecord, request, options: options)
    }

    /// One page, ordered by record id.
    public nonisolated(nonsending) func listRecords(
      _ request: StoreV1.ListRecordsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListRecordsResponse {
      try await channel.unary(Method.listRecords, request, options: options)
    }

    /// Every matching record as of one instant, ordered by record id, in batches.
    public nonisolated(nonsending) func exportRecords<Result>(
      _ request: StoreV1.ExportRecordsRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<StoreV1.ExportRecordsResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.exportRecords, request, options: options, handle)
    }

    /// Writes suggestions, one per record and agent: a later one by the same agent replaces the earlier.
    public nonisolated(nonsending) func writeSuggestions(
      _ request: StoreV1.WriteSuggestionsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.WriteSuggestionsResponse {
      try await channel.unary(Method.writeSuggestions, request, options: options)
    }

    /// Writes responses, one per record and user: a later one by the same user replaces the earlier.
    public nonisolated(nonsending) func writeResponses(
      _ request: StoreV1.WriteResponsesRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.WriteResponsesResponse {
      try await channel.unary(Method.writeResponses, request, options: options)
    }

    /// A queue's records, first those most worth a look. A record leaves its queues once somebody responds
    /// to it. An unknown queue is NOT_FOUND and names those there are.
    public nonisolated(nonsending) func listQueue(
      _ request: StoreV1.ListQueueRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListQueueResponse {
      try await channel.unary(Method.listQueue, request, options: options)
    }

    /// Takes a user's response to a record back, so that the record is as before (undo).
    public nonisolated(nonsending) func deleteResponse(
      _ request: StoreV1.DeleteResponseRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.DeleteResponseResponse {
      try await channel.unary(Method.deleteResponse, request, options: options)
    }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.JobService`.
  public protocol JobService: Sendable {
    /// Checks the specification (the data set exists, the encoder is there, ...) and queues the job.
    func createJob(
      _ request: StoreV1.CreateJobRequest, context: CallContext
    ) async throws -> StoreV1.CreateJobResponse

    func getJob(
      _ request: StoreV1.GetJobRequest, context: CallContext
    ) async throws -> StoreV1.GetJobResponse

    func listJobs(
      _ request: StoreV1.ListJobsRequest, context: CallContext
    ) async throws -> StoreV1.ListJobsResponse

    /// Streams the job now and at every change until it is finished.
    func watchJob(
      _ request: StoreV1.WatchJobRequest,
      responses: ResponseWriter<StoreV1.WatchJobResponse>,
      context: CallContext
    ) async throws

    /// A queued job is cancelled at once, a running one at its worker's next heartbeat.
    func cancelJob(
      _ request: StoreV1.CancelJobRequest, context: CallContext
    ) async throws -> StoreV1.CancelJobResponse

    /// For workers. Waits up to `wait_ms` for a job of the kind; answers without one if there is none.
    func claimJob(
      _ request: StoreV1.ClaimJobRequest, context: CallContext
    ) async throws -> StoreV1.ClaimJobResponse

    /// Extends the lease and reports progress. ABORTED once the lease is lost: stop working.
    func heartbeatJob(
      _ request: StoreV1.HeartbeatJobRequest, context: CallContext
    ) async throws -> StoreV1.HeartbeatJobResponse

    /// Ends the job. ABORTED once the lease is lost.
    func finishJob(
      _ request: StoreV1.FinishJobRequest, context: CallContext
    ) async throws -> StoreV1.FinishJobResponse
  }
}

extension StoreV1 {
  /// Methods of `JobService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum JobServiceSynchronous {
    public protocol CreateJob: Sendable {
      func createJob(
        _ request: StoreV1.CreateJobRequest, context: CallContext
      ) throws -> StoreV1.CreateJobResponse
    }
    public protocol GetJob: Sendable {
      func getJob(
        _ request: StoreV1.GetJobRequest, context: CallContext
      ) throws -> StoreV1.GetJobResponse
    }
    public protocol ListJobs: Sendable {
      func listJobs(
        _ request: StoreV1.ListJobsRequest, context: CallContext
      ) throws -> StoreV1.ListJobsResponse
    }
    public protocol CancelJob: Sendable {
      func cancelJob(
        _ request: StoreV1.CancelJobRequest, context: CallContext
      ) throws -> StoreV1.CancelJobResponse
    }
    public protocol ClaimJob: Sendable {
      func claimJob(
        _ request: StoreV1.ClaimJobRequest, context: CallContext
      ) throws -> StoreV1.ClaimJobResponse
    }
    public protocol HeartbeatJob: Sendable {
      func heartbeatJob(
        _ request: StoreV1.HeartbeatJobRequest, context: CallContext
      ) throws -> StoreV1.HeartbeatJobResponse
    }
    public protocol FinishJob: Sendable {
      func finishJob(
        _ request: StoreV1.FinishJobRequest, context: CallContext
      ) throws -> StoreV1.FinishJobResponse
    }
  }
}

extension StoreV1.JobService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.jobService(_:)`.
  public var definition: ServiceDefinition { .jobService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.JobService`, handled by `handlers`.
  public static func jobService(_ handlers: some StoreV1.JobService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.JobService", file: StoreV1.storeProto,
      methods: [
        .unary(
          "CreateJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.CreateJob)?.createJob
        ) { try await handlers.createJob($0, context: $1) },
        .unary(
          "GetJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.GetJob)?.getJob
        ) { try await handlers.getJob($0, context: $1) },
        .unary(
          "ListJobs", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.ListJobs)?.listJobs
        ) { try await handlers.listJobs($0, context: $1) },
        .serverStreaming("WatchJob") {
          try await handlers.watchJob($0, responses: $1, context: $2)
        },
        .unary(
          "CancelJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.CancelJob)?.cancelJob
        ) { try await handlers.cancelJob($0, context: $1) },
        .unary(
          "ClaimJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.ClaimJob)?.claimJob
        ) { try await handlers.claimJob($0, context: $1) },
        .unary(
          "HeartbeatJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.HeartbeatJob)?.heartbeatJob
        ) { try await handlers.heartbeatJob($0, context: $1) },
        .unary(
          "FinishJob", synchronous: (handlers as? any StoreV1.JobServiceSynchronous.FinishJob)?.finishJob
        ) { try await handlers.finishJob($0, context: $1) },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.JobService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct JobServiceClient: Sendable {
    private enum Method {
      static let createJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "CreateJob")
      static let getJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "GetJob")
      static let listJobs = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "ListJobs")
      static let watchJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "WatchJob")
      static let cancelJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "CancelJob")
      static let claimJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "ClaimJob")
      static let heartbeatJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "HeartbeatJob")
      static let finishJob = MethodDescriptor(
        service: "lauter.store.v1.JobService", method: "FinishJob")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Checks the specification (the data set exists, the encoder is there, ...) and queues the job.
    public nonisolated(nonsending) func createJob(
      _ request: StoreV1.CreateJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.CreateJobResponse {
      try await channel.unary(Method.createJob, request, options: options)
    }

    public nonisolated(nonsending) func getJob(
      _ request: StoreV1.GetJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.GetJobResponse {
      try await channel.unary(Method.getJob, request, options: options)
    }

    public nonisolated(nonsending) func listJobs(
      _ request: StoreV1.ListJobsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListJobsResponse {
      try await channel.unary(Method.listJobs, request, options: options)
    }

    /// Streams the job now and at every change until it is finished.
    public nonisolated(nonsending) func watchJob<Result>(
      _ request: StoreV1.WatchJobRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<StoreV1.WatchJobResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.watchJob, request, options: options, handle)
    }

    /// A queued job is cancelled at once, a running one at its worker's next heartbeat.
    public nonisolated(nonsending) func cancelJob(
      _ request: StoreV1.CancelJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.CancelJobResponse {
      try await channel.unary(Method.cancelJob, request, options: options)
    }

    /// For workers. Waits up to `wait_ms` for a job of the kind; answers without one if there is none.
    public nonisolated(nonsending) func claimJob(
      _ request: StoreV1.ClaimJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ClaimJobResponse {
      try await channel.unary(Method.claimJob, request, options: options)
    }

    /// Extends the lease and reports progress. ABORTED once the lease is lost: stop working.
    public nonisolated(nonsending) func heartbeatJob(
      _ request: StoreV1.HeartbeatJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.HeartbeatJobResponse {
      try await channel.unary(Method.heartbeatJob, request, options: options)
    }

    /// Ends the job. ABORTED once the lease is lost.
    public nonisolated(nonsending) func finishJob(
      _ request: StoreV1.FinishJobRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.FinishJobResponse {
      try await channel.unary(Method.finishJob, request, options: options)
    }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.ArtefactService`.
  public protocol ArtefactService: Sendable {
    /// Streams one artefact in. Answers once it is on disk under its digest. A digest given in the first
    /// request must match (DATA_LOSS otherwise); the same bytes twice are stored once.
    func uploadArtefact(
      _ requests: RequestStream<StoreV1.UploadArtefactRequest>, context: CallContext
    ) async throws -> StoreV1.UploadArtefactResponse

    /// Streams it out from `offset`, in chunks.
    func downloadArtefact(
      _ request: StoreV1.DownloadArtefactRequest,
      responses: ResponseWriter<StoreV1.DownloadArtefactResponse>,
      context: CallContext
    ) async throws

    /// Which of these digests the store has, so that an upload can be left out.
    func findArtefacts(
      _ request: StoreV1.FindArtefactsRequest, context: CallContext
    ) async throws -> StoreV1.FindArtefactsResponse
  }
}

extension StoreV1 {
  /// Methods of `ArtefactService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum ArtefactServiceSynchronous {
    public protocol FindArtefacts: Sendable {
      func findArtefacts(
        _ request: StoreV1.FindArtefactsRequest, context: CallContext
      ) throws -> StoreV1.FindArtefactsResponse
    }
  }
}

extension StoreV1.ArtefactService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.artefactService(_:)`.
  public var definition: ServiceDefinition { .artefactService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.ArtefactService`, handled by `handlers`.
  public static func artefactService(_ handlers: some StoreV1.ArtefactService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.ArtefactService", file: StoreV1.storeProto,
      methods: [
        .clientStreaming("UploadArtefact") {
          try await handlers.uploadArtefact($0, context: $1)
        },
        .serverStreaming("DownloadArtefact") {
          try await handlers.downloadArtefact($0, responses: $1, context: $2)
        },
        .unary(
          "FindArtefacts", synchronous: (handlers as? any StoreV1.ArtefactServiceSynchronous.FindArtefacts)?.findArtefacts
        ) { try await handlers.findArtefacts($0, context: $1) },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.ArtefactService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct ArtefactServiceClient: Sendable {
    private enum Method {
      static let uploadArtefact = MethodDescriptor(
        service: "lauter.store.v1.ArtefactService", method: "UploadArtefact")
      static let downloadArtefact = MethodDescriptor(
        service: "lauter.store.v1.ArtefactService", method: "DownloadArtefact")
      static let findArtefacts = MethodDescriptor(
        service: "lauter.store.v1.ArtefactService", method: "FindArtefacts")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Streams one artefact in. Answers once it is on disk under its digest. A digest given in the first
    /// request must match (DATA_LOSS otherwise); the same bytes twice are stored once.
    public nonisolated(nonsending) func uploadArtefact(
      options: CallOptions = CallOptions(),
      _ produce: nonisolated(nonsending) (RequestWriter<StoreV1.UploadArtefactRequest>) async throws -> Void
    ) async throws -> StoreV1.UploadArtefactResponse {
      try await channel.clientStreaming(Method.uploadArtefact, options: options, produce)
    }

    /// Streams it out from `offset`, in chunks.
    public nonisolated(nonsending) func downloadArtefact<Result>(
      _ request: StoreV1.DownloadArtefactRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<StoreV1.DownloadArtefactResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.downloadArtefact, request, options: options, handle)
    }

    /// Which of these digests the store has, so that an upload can be left out.
    public nonisolated(nonsending) func findArtefacts(
      _ request: StoreV1.FindArtefactsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.FindArtefactsResponse {
      try await channel.unary(Method.findArtefacts, request, options: options)
    }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.EncoderService`.
  public protocol EncoderService: Sendable {
    /// Every file must have been uploaded. The same name with other content replaces it (a job keeps the
    /// digest it started with).
    func registerEncoder(
      _ request: StoreV1.RegisterEncoderRequest, context: CallContext
    ) async throws -> StoreV1.RegisterEncoderResponse

    /// An empty name means the default encoder: the one registered last as default.
    func getEncoder(
      _ request: StoreV1.GetEncoderRequest, context: CallContext
    ) async throws -> StoreV1.GetEncoderResponse

    func listEncoders(
      _ request: StoreV1.ListEncodersRequest, context: CallContext
    ) async throws -> StoreV1.ListEncodersResponse
  }
}

extension StoreV1 {
  /// Methods of `EncoderService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum EncoderServiceSynchronous {
    public protocol RegisterEncoder: Sendable {
      func registerEncoder(
        _ request: StoreV1.RegisterEncoderRequest, context: CallContext
      ) throws -> StoreV1.RegisterEncoderResponse
    }
    public protocol GetEncoder: Sendable {
      func getEncoder(
        _ request: StoreV1.GetEncoderRequest, context: CallContext
      ) throws -> StoreV1.GetEncoderResponse
    }
    public protocol ListEncoders: Sendable {
      func listEncoders(
        _ request: StoreV1.ListEncodersRequest, context: CallContext
      ) throws -> StoreV1.ListEncodersResponse
    }
  }
}

extension StoreV1.EncoderService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.encoderService(_:)`.
  public var definition: ServiceDefinition { .encoderService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.EncoderService`, handled by `handlers`.
  public static func encoderService(_ handlers: some StoreV1.EncoderService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.EncoderService", file: StoreV1.storeProto,
      methods: [
        .unary(
          "RegisterEncoder", synchronous: (handlers as? any StoreV1.EncoderServiceSynchronous.RegisterEncoder)?.registerEncoder
        ) { try await handlers.registerEncoder($0, context: $1) },
        .unary(
          "GetEncoder", synchronous: (handlers as? any StoreV1.EncoderServiceSynchronous.GetEncoder)?.getEncoder
        ) { try await handlers.getEncoder($0, context: $1) },
        .unary(
          "ListEncoders", synchronous: (handlers as? any StoreV1.EncoderServiceSynchronous.ListEncoders)?.listEncoders
        ) { try await handlers.listEncoders($0, context: $1) },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.EncoderService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct EncoderServiceClient: Sendable {
    private enum Method {
      static let registerEncoder = MethodDescriptor(
        service: "lauter.store.v1.EncoderService", method: "RegisterEncoder")
      static let getEncoder = MethodDescriptor(
        service: "lauter.store.v1.EncoderService", method: "GetEncoder")
      static let listEncoders = MethodDescriptor(
        service: "lauter.store.v1.EncoderService", method: "ListEncoders")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Every file must have been uploaded. The same name with other content replaces it (a job keeps the
    /// digest it started with).
    public nonisolated(nonsending) func registerEncoder(
      _ request: StoreV1.RegisterEncoderRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.RegisterEncoderResponse {
      try await channel.unary(Method.registerEncoder, request, options: options)
    }

    /// An empty name means the default encoder: the one registered last as default.
    public nonisolated(nonsending) func getEncoder(
      _ request: StoreV1.GetEncoderRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.GetEncoderResponse {
      try await channel.unary(Method.getEncoder, request, options: options)
    }

    public nonisolated(nonsending) func listEncoders(
      _ request: StoreV1.ListEncodersRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListEncodersResponse {
      try await channel.unary(Method.listEncoders, request, options: options)
    }
  }
}

extension StoreV1 {
  /// Serves `lauter.store.v1.ModelService`.
  public protocol ModelService: Sendable {
    /// Publishes the next version. With a lease: refused once the lease is lost, and a repeated call by the
    /// same job returns the version it has published already.
    func publishModel(
      _ request: StoreV1.PublishModelRequest, context: CallContext
    ) async throws -> StoreV1.PublishModelResponse

    func getModel(
      _ request: StoreV1.GetModelRequest, context: CallContext
    ) async throws -> StoreV1.GetModelResponse

    /// Newest version first.
    func listModels(
      _ request: StoreV1.ListModelsRequest, context: CallContext
    ) async throws -> StoreV1.ListModelsResponse

    /// Streams the latest version of the model (of every model if the name is empty) now, and each new
    /// version as it is published.
    func watchModels(
      _ request: StoreV1.WatchModelsRequest,
      responses: ResponseWriter<StoreV1.WatchModelsResponse>,
      context: CallContext
    ) async throws
  }
}

extension StoreV1 {
  /// Methods of `ModelService` that can be handled without waiting.
  ///
  /// A type that also conforms to one of these has its function called on the event loop
  /// of the connection, without a task: it must not block nor compute for long.
  public enum ModelServiceSynchronous {
    public protocol PublishModel: Sendable {
      func publishModel(
        _ request: StoreV1.PublishModelRequest, context: CallContext
      ) throws -> StoreV1.PublishModelResponse
    }
    public protocol GetModel: Sendable {
      func getModel(
        _ request: StoreV1.GetModelRequest, context: CallContext
      ) throws -> StoreV1.GetModelResponse
    }
    public protocol ListModels: Sendable {
      func listModels(
        _ request: StoreV1.ListModelsRequest, context: CallContext
      ) throws -> StoreV1.ListModelsResponse
    }
  }
}

extension StoreV1.ModelService {
  /// What a server registers. A type that keeps several services' promises has a definition for
  /// each: `ServiceDefinition.modelService(_:)`.
  public var definition: ServiceDefinition { .modelService(self) }
}

extension ServiceDefinition {
  /// `lauter.store.v1.ModelService`, handled by `handlers`.
  public static func modelService(_ handlers: some StoreV1.ModelService) -> ServiceDefinition {
    ServiceDefinition(
      "lauter.store.v1.ModelService", file: StoreV1.storeProto,
      methods: [
        .unary(
          "PublishModel", synchronous: (handlers as? any StoreV1.ModelServiceSynchronous.PublishModel)?.publishModel
        ) { try await handlers.publishModel($0, context: $1) },
        .unary(
          "GetModel", synchronous: (handlers as? any StoreV1.ModelServiceSynchronous.GetModel)?.getModel
        ) { try await handlers.getModel($0, context: $1) },
        .unary(
          "ListModels", synchronous: (handlers as? any StoreV1.ModelServiceSynchronous.ListModels)?.listModels
        ) { try await handlers.listModels($0, context: $1) },
        .serverStreaming("WatchModels") {
          try await handlers.watchModels($0, responses: $1, context: $2)
        },
      ])
  }
}

extension StoreV1 {
  /// Calls `lauter.store.v1.ModelService`. Every call throws `RPCError`, or `CancellationError` when the
  /// task is cancelled.
  public struct ModelServiceClient: Sendable {
    private enum Method {
      static let publishModel = MethodDescriptor(
        service: "lauter.store.v1.ModelService", method: "PublishModel")
      static let getModel = MethodDescriptor(
        service: "lauter.store.v1.ModelService", method: "GetModel")
      static let listModels = MethodDescriptor(
        service: "lauter.store.v1.ModelService", method: "ListModels")
      static let watchModels = MethodDescriptor(
        service: "lauter.store.v1.ModelService", method: "WatchModels")
    }

    private let channel: RPCChannel

    public init(_ channel: RPCChannel) { self.channel = channel }

    /// Publishes the next version. With a lease: refused once the lease is lost, and a repeated call by the
    /// same job returns the version it has published already.
    public nonisolated(nonsending) func publishModel(
      _ request: StoreV1.PublishModelRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.PublishModelResponse {
      try await channel.unary(Method.publishModel, request, options: options)
    }

    public nonisolated(nonsending) func getModel(
      _ request: StoreV1.GetModelRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.GetModelResponse {
      try await channel.unary(Method.getModel, request, options: options)
    }

    /// Newest version first.
    public nonisolated(nonsending) func listModels(
      _ request: StoreV1.ListModelsRequest, options: CallOptions = CallOptions()
    ) async throws -> StoreV1.ListModelsResponse {
      try await channel.unary(Method.listModels, request, options: options)
    }

    /// Streams the latest version of the model (of every model if the name is empty) now, and each new
    /// version as it is published.
    public nonisolated(nonsending) func watchModels<Result>(
      _ request: StoreV1.WatchModelsRequest,
      options: CallOptions = CallOptions(),
      _ handle: nonisolated(nonsending) (ResponseStream<StoreV1.WatchModelsResponse>) async throws -> Result
    ) async throws -> Result {
      try await channel.serverStreaming(Method.watchModels, request, options: options, handle)
    }
  }
}
