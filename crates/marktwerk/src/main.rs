//! The program `marktwerk`. Everything it can do is in the library beside it.

fn main() -> std::process::ExitCode {
    marktwerk::commands::main()
}
