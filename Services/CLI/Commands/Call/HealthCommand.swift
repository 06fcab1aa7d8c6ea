import ArgumentParser
import RPC
import StrictJSON
import Wire

struct Health: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ask services whether they serve.",
    discussion: """
      Asks grpc.health.v1, of Lauter's services or, with --address, of any server. Ends with 69 \
      unless every service asked serves.
      """)

  @Argument(
    help: ArgumentHelp(
      "store, inference, labeller, trainer; with --address, full names of the server's services. Default: all, or the server as a whole.",
      valueName: "service"))
  var services: [String] = []

  @OptionGroup var endpoint: EndpointOptions

  @OptionGroup var connection: ConnectionOptions

  private typealias Answer = (service: String, address: String, status: String)

  func run() async throws {
    let console = Console.current
    let answers: [Answer]
    if let address = try endpoint.checkedAddress() {
      answers = try await ask(address)
    } else {
      answers = try await askOurs()
    }
    if connection.json {
      for answer in answers {
        let line: JSON = [
          "service": .string(answer.service), "address": .string(answer.address),
          "status": .string(answer.status),
        ]
        console.out(line.text)
      }
    } else {
      var table = Table([.init("service"), .init("address"), .init("status", shrinks: true)])
      for answer in answers { table.add([answer.service, answer.address, answer.status]) }
      table.print()
    }
    let bad = answers.filter { $0.status != "serving" }
    guard bad.isEmpty else {
      throw Failure(
        .unavailable, "not serving: \(bad.map(\.service).joined(separator: ", "))",
        hint: endpoint.address == nil ? "start the services with 'lauter up'" : nil)
    }
  }

  private func askOurs() async throws -> [Answer] {
    let asked = try services.map { name throws(Failure) in
      guard let service = Service(rawValue: name) else {
        throw Failure(
          .usage, "there is no service '\(name)'",
          hint: "it is one of \(Service.allCases.map(\.rawValue).joined(separator: ", ")); "
            + "other servers are asked with --address")
      }
      return service
    }
    return try await connection.withServices { services in
      var answers: [Answer] = []
      for service in asked.isEmpty ? Supervisor.order : asked {
        let address = services.endpoints.addresses[service]!
        do {
          let status = try await services.call(service) { try await Self.check("", $0) }
          answers.append((service.rawValue, address, status))
        } catch let failure as Failure where failure.code == .unavailable {
          answers.append((service.rawValue, address, "unreachable"))
        } catch let failure as Failure {
          answers.append((service.rawValue, address, failure.message))
        }
      }
      return answers
    }
  }

  private func ask(_ address: String) async throws -> [Answer] {
    let channel = try connection.channel(to: address)
    var answers: [Answer] = []
    for name in services.isEmpty ? [""] : services {
      let shown = name.isEmpty ? "(server)" : name
      do {
        answers.append((shown, address, try await Self.check(name, channel)))
      } catch let error as RPCError where error.code == .unavailable {
        answers.append((shown, address, "unreachable"))
      } catch let error as RPCError where error.code == .notFound {
        answers.append((shown, address, "no such service"))
      } catch let error as RPCError {
        answers.append((shown, address, "\(error)"))
      }
    }
    await channel.close()
    return answers
  }

  private static func check(_ name: String, _ channel: RPCChannel) async throws -> String {
    let answer = try await HealthV1.HealthClient(channel).check(
      .init(service: name), options: .init(timeout: .seconds(5)))
    return switch answer.status {
    case .serving: "serving"
    case .notServing: "not serving"
    default: "unknown"
    }
  }
}
