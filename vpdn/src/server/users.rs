//! Who may come in, from a file: `name secret [expired]`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pptp::mschap::{Account, FailureCode, NtHash};
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Question};
use pptp::server::Session;
use pptp::wire::connection::CallId;
use std::time::Duration;

use crate::complain;

/// A file of users.
pub struct Users {
    path: PathBuf,
}

/// What a line says.
struct User {
    name: String,
    secret: Secret,
    is_expired: bool,
}

enum Secret {
    Password(String),
    NtHash(NtHash),
}

impl Users {
    /// The file at this path.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a line is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let users = Self { path: path.to_owned() };
        users.read()?;
        Ok(users)
    }

    fn read(&self) -> io::Result<Vec<User>> {
        let text = fs::read_to_string(&self.path)?;
        let mut users = Vec::new();
        for (index, line) in text.lines().enumerate() {
            match parse(line) {
                Ok(Some(user)) => users.push(user),
                Ok(None) => {}
                Err(what) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {what}", index + 1)));
                }
            }
        }
        Ok(users)
    }

    /// Answers what a client presents. Whether it has proved itself.
    ///
    /// # Errors
    ///
    /// The session does not take the answer.
    pub fn answer(
        &self,
        now: Duration,
        session: &mut Session,
        call: CallId,
        question: Question,
    ) -> Result<Outcome, AnswerError> {
        let ticket = question.ticket();
        let presented = session.presented(call).ok_or(AnswerError::NotAsked)?;
        let name = presented.name().map(|name| name.0.to_vec()).unwrap_or_default();
        let users = self.read().unwrap_or_else(|error| {
            complain(&format!("{}: {error}", self.path.display()));
            Vec::new()
        });
        let user = find(&users, &name);
        let is_microsoft = matches!(presented, Presented::MsChap { .. } | Presented::ChangePassword { .. });
        let Some(user) = user else {
            let nobody = Account::unknown();
            let answer = if is_microsoft { Answer::Account(&nobody) } else { Answer::Reject(b"Authentication failed") };
            return session.answer(now, call, ticket, &answer);
        };
        if is_microsoft {
            let hash = user.secret.nt_hash();
            let mut account = Account::new(&hash);
            if user.is_expired && matches!(question, Question::Proof(_)) {
                account = account.with_restriction(FailureCode::PASSWORD_EXPIRED);
            }
            let answer = match (&user.secret, user.is_expired || matches!(question, Question::NewPassword(_))) {
                // With the password there are short keys for version 1 too.
                (Secret::Password(password), false) => Answer::Password(password.as_bytes()),
                _ => Answer::Account(&account),
            };
            let outcome = session.answer(now, call, ticket, &answer)?;
            if let Outcome::PasswordChanged(new) = &outcome {
                if let Err(error) = self.store(&user.name, &new.nt_hash()) {
                    complain(&format!("{}: {error}", self.path.display()));
                    session.reject_change(now, call);
                }
            }
            return Ok(outcome);
        }
        // PAP and CHAP cannot tell that a password has expired, nor change it.
        let fits = match (&user.secret, presented) {
            _ if user.is_expired => false,
            (Secret::Password(password), _) => {
                return session.answer(now, call, ticket, &Answer::Password(password.as_bytes()));
            }
            (Secret::NtHash(hash), Presented::Pap { password, .. }) => std::str::from_utf8(password.as_octets())
                .is_ok_and(|password| NtHash::from_password(password).ct_eq(hash)),
            _ => false,
        };
        let answer = if fits { Answer::Accept(b"") } else { Answer::Reject(b"Authentication failed") };
        session.answer(now, call, ticket, &answer)
    }

    /// Writes the hash of a new password in the place of the old one. The file is replaced as a whole, or stays as it was.
    fn store(&self, name: &str, hash: &NtHash) -> io::Result<()> {
        let text = fs::read_to_string(&self.path)?;
        let mut new = String::with_capacity(text.len() + 64);
        for line in text.lines() {
            match parse(line) {
                Ok(Some(user)) if user.name == name => {
                    new.push_str(name);
                    new.push_str(" nt:");
                    new.push_str(&hex::encode(hash.as_bytes()));
                }
                _ => new.push_str(line),
            }
            new.push('\n');
        }
        let mut temporary = self.path.clone().into_os_string();
        temporary.push(".new");
        let mut file = fs::File::create(&temporary)?;
        file.set_permissions(fs::metadata(&self.path)?.permissions())?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)
    }
}

/// With the domain, then without it.
fn find<'u>(users: &'u [User], name: &[u8]) -> Option<&'u User> {
    let without = name.rsplit(|octet| *octet == b'\\').next().unwrap_or(name);
    [name, without].into_iter().find_map(|name| users.iter().find(|user| user.name.as_bytes() == name))
}

fn parse(line: &str) -> Result<Option<User>, &'static str> {
    let mut words = line.split_ascii_whitespace();
    let Some(name) = words.next().filter(|name| !name.starts_with('#')) else { return Ok(None) };
    let secret = words.next().ok_or("a name without a password")?;
    let secret = match secret.strip_prefix("nt:") {
        Some(digits) => {
            let mut octets = [0; 16];
            hex::decode_to_slice(digits, &mut octets).map_err(|_| "an NT hash has 32 hexadecimal digits")?;
            Secret::NtHash(NtHash::from_bytes(octets))
        }
        None => Secret::Password(secret.to_owned()),
    };
    let is_expired = match words.next() {
        None => false,
        Some("expired") => true,
        Some(_) => return Err("behind the password there may be `expired`, and nothing else"),
    };
    Ok(Some(User { name: name.to_owned(), secret, is_expired }))
}

impl Secret {
    fn nt_hash(&self) -> NtHash {
        match self {
            Self::Password(password) => NtHash::from_password(password.as_str()),
            Self::NtHash(hash) => hash.clone(),
        }
    }
}
