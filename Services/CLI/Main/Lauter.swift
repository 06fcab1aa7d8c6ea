import Commands

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct Client {
  static func main() async {
    exit(await Lauter.run(Array(CommandLine.arguments.dropFirst())))
  }
}
