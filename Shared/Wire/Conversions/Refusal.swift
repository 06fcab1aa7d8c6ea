// Conversions: from messages to the values of Schema and back. A message may hold anything its contract
// can spell; a Schema value is right by construction, so the way in can fail. It fails with
// INVALID_ARGUMENT and the path of the field, as the caller spelled it in the request.

public import RPC
public import Schema

extension RPCError {
  /// INVALID_ARGUMENT with the field's name and what is wrong with it. The one place where a value's
  /// error becomes a call's.
  public init(_ error: SchemaError) {
    self.init(code: .invalidArgument, message: error.description)
  }
}

/// Runs a conversion for a caller that answers a call.
func refusing<T>(_ convert: () throws(SchemaError) -> T) throws(RPCError) -> T {
  do { return try convert() } catch { throw RPCError(error) }
}

/// Runs a conversion of a message inside another, so that its error names the way to it:
/// `suggestions[2].score`.
func within<T>(
  _ path: @autoclosure () -> String, _ convert: () throws(SchemaError) -> T
) throws(SchemaError) -> T {
  do { return try convert() } catch {
    throw SchemaError(
      field: error.field.isEmpty ? path() : "\(path()).\(error.field)", error.message)
  }
}

/// Converts every element, naming the position of one that is wrong.
func each<Message, Value>(
  _ messages: [Message], _ field: String, _ convert: (Message) throws(SchemaError) -> Value
) throws(SchemaError) -> [Value] {
  var values: [Value] = []
  values.reserveCapacity(messages.count)
  for (index, message) in messages.enumerated() {
    values.append(
      try within("\(field)[\(index)]") { () throws(SchemaError) in try convert(message) })
  }
  return values
}

/// Schema's own initialisers throw nothing but `SchemaError`, though untyped.
func checked<T>(_ make: () throws -> T) throws(SchemaError) -> T {
  do { return try make() } catch let error as SchemaError { throw error } catch {
    throw SchemaError(field: "", "\(error)")
  }
}

func unknown(_ field: String, _ number: Int32) -> SchemaError {
  SchemaError(
    field: field,
    "\(number) is not a value this version knows; are client and server of one version?")
}

func missing(_ field: String, _ choices: String) -> SchemaError {
  SchemaError(field: field, "none is given; it is one of \(choices)")
}
