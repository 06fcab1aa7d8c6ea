import Foundation

/// Replies as OpenAI-compatible servers give them.
extension ReplayServer.Reply {
  /// A chat completion with this content, and log-probabilities where tokens are given: each token
  /// with the likeliest ones at its place, as `(text, log-probability)`.
  public static func chat(
    _ content: String?, tokens: [[(String, Double)]] = [], finish: String = "stop",
    refusal: String? = nil
  ) -> Self {
    var choice: [String: Any] = [
      "index": 0, "finish_reason": finish,
      "message": [
        "role": "assistant", "content": content as Any? ?? NSNull(),
        "refusal": refusal as Any? ?? NSNull(),
      ],
    ]
    if !tokens.isEmpty {
      choice["logprobs"] = [
        "content": tokens.map { top in
          [
            "token": top[0].0, "logprob": top[0].1, "bytes": NSNull(),
            "top_logprobs": top.map { ["token": $0.0, "logprob": $0.1, "bytes": NSNull()] },
          ] as [String: Any]
        }
      ]
    }
    return json(
      200, ["id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [choice]])
  }

  /// `{"label": "<label>"}`.
  public static func label(_ label: String) -> Self { chat("{\"label\": \"\(label)\"}") }

  public static func error(
    _ status: Int, headers: [String: String] = [:], _ message: String, code: String? = nil
  ) -> Self {
    json(
      status, headers: headers,
      ["error": ["message": message, "type": NSNull(), "code": code as Any? ?? NSNull()]])
  }

  /// What llama-cpp-python 0.3 answers to `response_format` `json_schema`, as recorded.
  public static let llamaRejectsJSONSchema = error(
    500,
    """
    1 validation error:
      {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': "Input should be \
    'text' or 'json_object'", 'input': 'json_schema', 'ctx': {'expected': "'text' or 'json_object'"}}
    """)

  /// What llama-cpp-python 0.3 answered with Qwen2.5-Coder-0.5B to a bad review, as recorded, with the
  /// five likeliest tokens.
  public static let recordedNegative = chat(
    "{\"label\": \"negative\"}",
    tokens: [
      [("{\"", -0.3703), ("```", -2.3328), ("Mark", -2.4421), ("{\n", -3.3447), ("To", -3.3484)],
      [("label", 0), (" label", -12.21), ("labels", -13.2), ("l", -13.29), ("language", -13.71)],
      [("\":", -0.0086), ("\":\"", -4.766), ("}:", -11.64), ("\"", -11.7), ("\"}", -11.82)],
      [(" \"", -0.0002), (" \"-", -9.852), (" '", -10.46), (" {\"", -11.42), (" [\"", -11.56)],
      [
        ("negative", -0.13409653), ("neutral", -2.72850275), ("Negative", -3.93405581),
        ("positive", -3.96849108), ("neg", -4.78004885),
      ],
      [("\"}", -0.0028), ("\"}\n", -6.818), ("\"", -6.968), ("\"}\n\n", -7.357), (" \"}", -10.19)],
    ])

  private static func json(
    _ status: Int, headers: [String: String] = [:], _ object: [String: Any]
  ) -> Self {
    let data = try? JSONSerialization.data(withJSONObject: object)
    return .http(status, headers: headers, body: Array(data ?? Data()))
  }
}
