//! The C programs: compiled with every compiler that is here, run, and run again under valgrind.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by it")]
#![expect(clippy::indexing_slicing, reason = "of JSON, what is missing is null")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The folder of this crate.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The warnings with which every C program is compiled.
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Werror", "-pedantic"];

/// Prints a line that `cargo test` shows also when the test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Returns whether a program is here; says so where it is not.
fn is_here(program: &str, test: &str) -> bool {
    let is_here = has(program);
    if !is_here {
        say(&format!("SKIPPED: {test} with {program}, which is not installed"));
    }
    is_here
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Builds the static library as a C program gets it, and returns its path.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The profile of the tests, in which the dependencies are built already.
        command.args(["build", "--quiet", "--locked", "--profile", "test", "--lib", "--message-format", "json"]);
        let output = run(command.current_dir(HERE));
        let messages = String::from_utf8(output.stdout).unwrap();
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let ours = messages.filter(|message| message["target"]["name"] == "pptp_capi");
        let files: Vec<String> = ours
            .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
            .filter_map(|file| file.as_str().map(str::to_owned))
            .collect();
        let mut files = files.into_iter().map(PathBuf::from);
        files.find(|file| file.extension().is_some_and(|extension| extension == "a")).expect("a static library")
    })
}

/// Returns the compilers that are here.
fn compilers(test: &str) -> Vec<&'static str> {
    ["gcc", "clang"].into_iter().filter(|compiler| is_here(compiler, test)).collect()
}

/// Compiles a program, and returns where it is.
fn compile(compiler: &str, source: &str, folder: &Path) -> PathBuf {
    let program = folder.join(format!("{}-{compiler}", Path::new(source).file_stem().unwrap().to_string_lossy()));
    let mut command = Command::new(compiler);
    command.args(["-std=c11", "-g"]).args(WARNINGS).arg(format!("-I{HERE}/include"));
    command.arg(Path::new(HERE).join(source)).arg("-o").arg(&program).arg(library());
    command.args(["-lpthread", "-ldl", "-lm"]);
    run(&mut command);
    program
}

/// Runs a program, by itself and under valgrind. Fewer `arguments` are for valgrind, which is slow.
fn run_checked(test: &str, program: &Path, arguments: &[&str], under_valgrind: &[&str]) -> String {
    let output = run(Command::new(program).args(arguments));
    if is_here("valgrind", test) {
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--leak-check=full", "--error-exitcode=9"]);
        let output = run(command.arg(program).args(under_valgrind));
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(!complaints.contains("=="), "{complaints}");
    }
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn clients_and_servers_talk_through_memory_with_losses() {
    let test = "a client and a server in memory";
    let folder = tempfile::tempdir().unwrap();
    for compiler in compilers(test) {
        let program = compile(compiler, "tests/c/in_memory.c", folder.path());
        let output = run_checked(test, &program, &["20"], &["2"]);
        say(&output);
        assert_eq!(output.lines().count(), 40);
    }
}

#[test]
fn wrong_pointers_handles_and_numbers_are_errors() {
    let test = "misuse";
    let folder = tempfile::tempdir().unwrap();
    for compiler in compilers(test) {
        let program = compile(compiler, "tests/c/misuse.c", folder.path());
        assert_eq!(run_checked(test, &program, &[], &[]), "all as expected\n");
    }
}

#[test]
fn memory_that_runs_out_is_an_error_and_the_session_goes_on() {
    let test = "memory that runs out";
    let folder = tempfile::tempdir().unwrap();
    for compiler in compilers(test) {
        let program = compile(compiler, "tests/c/memory.c", folder.path());
        let output = run_checked(test, &program, &[], &[]);
        say(&output);
        assert!(output.contains("bytes are needed"), "{output}");
    }
}

/// RFC 2759 section 9.2: the name `User`, the password `clientPass`.
const CHALLENGE: &str = "5B5D7C7D7B3F2F3E3C2C602132262628";
/// Peer-Challenge, eight bytes of zero, NT-Response, flags.
const RESPONSE: &str = "21402324255E262A28295F2B3A337C7E\
                        0000000000000000\
                        82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF\
                        00";

/// RFC 2759 section 9.2, RFC 3079 section 3.5.3: the proof, and the key that the authenticator sends with.
const ACCEPTED: &str = "accepted: S=407A5589115FD0D6209F510FE9C04566932CDA56\n\
                        MS-MPPE-Send-Key: 8b7cdc149b993a1ba118cb153f56dccb\n";

#[test]
fn login_checker_knows_the_vectors_of_rfc2759_section_9_2() {
    let test = "the login checker";
    let folder = tempfile::tempdir().unwrap();
    for compiler in compilers(test) {
        let program = compile(compiler, "examples/c/login_checker.c", folder.path());
        // By password, by hash, and in the form of RADIUS (RFC 2548 section 2.3.2).
        let radius = format!("0700{}", RESPONSE.get(..96).unwrap());
        for (secret, response) in
            [("clientPass", RESPONSE), ("nt:44EBBA8D5312B8D611474411F56989AE", RESPONSE), ("clientPass", &radius)]
        {
            let arguments = ["User", secret, CHALLENGE, response];
            let output = run_checked(test, &program, &arguments, &arguments);
            assert!(output.starts_with(ACCEPTED), "{output}");
        }
        // Another password, another name, and arguments that are none.
        for (arguments, status) in [
            (["User", "clientpass", CHALLENGE, RESPONSE], 1),
            (["user", "clientPass", CHALLENGE, RESPONSE], 1),
            (["User", "clientPass", "5B", RESPONSE], 2),
            (["User", "nt:44", CHALLENGE, RESPONSE], 2),
        ] {
            let output = Command::new(&program).args(arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        }
    }
}

#[test]
fn header_is_made_of_the_sources() {
    // Older ones do not know `#[unsafe(no_mangle)]`.
    let version = Command::new("cbindgen").arg("--version").output().map(|output| output.stdout);
    let version = String::from_utf8(version.unwrap_or_default()).unwrap();
    let minor = version.trim().strip_prefix("cbindgen 0.").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    if minor.is_none_or(|minor| minor < 28) {
        return say("SKIPPED: whether the header is up to date: no cbindgen 0.28 or newer (Debian: cbindgen-web)");
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("pptp.h");
    let config = Path::new(HERE).join("cbindgen.toml");
    run(Command::new("cbindgen").arg("--quiet").arg("--config").arg(config).arg(HERE).arg("--output").arg(&made));
    let (made, ours) = (std::fs::read_to_string(made).unwrap(), Path::new(HERE).join("include/pptp.h"));
    let ours = std::fs::read_to_string(ours).unwrap();
    let first = made.lines().zip(ours.lines()).find(|(made, ours)| made != ours);
    assert!(made == ours, "include/pptp.h is not that of the sources, from here on: {first:?}");
}

#[test]
fn header_and_a_program_compile_as_cpp() {
    let test = "the header as C++";
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("main.cpp");
    let program_text = "#include <pptp.h>\nint main() {\n  char text[80];\n  \
                return pptp_error_text(PPTP_ERROR_FULL, text, sizeof text) > 0 ? 0 : 1;\n}\n";
    std::fs::write(&source, program_text).unwrap();
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| is_here(compiler, test)) {
        let header = Path::new(HERE).join("include/pptp.h");
        let mut command = Command::new(compiler);
        run(command.args(["-x", "c++", "-std=c++11", "-fsyntax-only"]).args(WARNINGS).arg(header));
        let program = folder.path().join("main");
        let mut command = Command::new(compiler);
        command.args(WARNINGS).arg(format!("-I{HERE}/include")).arg(&source).arg("-o").arg(&program).arg(library());
        run(command.args(["-lpthread", "-ldl", "-lm"]));
        run(&mut Command::new(&program));
    }
}

#[test]
fn install_commands_of_the_readme_give_a_library_that_pkg_config_finds() {
    let test = "pkg-config";
    if !is_here("pkg-config", test) || !is_here("gcc", test) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let readme = std::fs::read_to_string(Path::new(HERE).join("README.md")).unwrap();
    // The block that makes the files; the commands run as they stand.
    let block = readme.split("```sh\n").find(|block| block.starts_with("PREFIX=")).expect("the commands");
    let commands = block.split("```").next().unwrap();
    let commands = commands.replace("PREFIX=/usr/local", &format!("PREFIX={}", folder.path().display()));
    let release = library().parent().unwrap();
    // Without waiting for another build: the library of the tests stands for that of the release.
    let commands = commands.replace("target/release", &release.display().to_string()).replace("sudo ", "");
    run(Command::new("sh").args(["-e", "-c", &commands]).current_dir(Path::new(HERE).parent().unwrap()));
    let mut flags = Command::new("pkg-config");
    flags.args(["--cflags", "--libs", "pptp"]).env("PKG_CONFIG_PATH", folder.path().join("lib/pkgconfig"));
    let flags = String::from_utf8(run(&mut flags).stdout).unwrap();
    let program = folder.path().join("login_checker");
    let mut command = Command::new("gcc");
    command.arg(Path::new(HERE).join("examples/c/login_checker.c")).arg("-o").arg(&program);
    // The shared library: what a program gets that asks for no static one.
    run(command.args(flags.split_whitespace()));
    let mut checker = Command::new(&program);
    checker.args(["User", "clientPass", CHALLENGE, RESPONSE]).env("LD_LIBRARY_PATH", folder.path().join("lib"));
    let output = run(&mut checker);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with(ACCEPTED));
}
