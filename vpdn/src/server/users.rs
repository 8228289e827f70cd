//! The users who may come in, from the configuration and from a file: `name secret [words]`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mschap::{Account, FailureCode, NtHash};
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Question};
use rustix::fs::{FlockOperation, flock};

use super::calls::Calls;
use super::line::Line;
use super::output::complain;
use crate::config::{Network, NtHashText, Secret, Service, User};
use crate::host::Device;

/// The other data of a user that was let in.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) address: Option<Ipv4Addr>,
    /// The server's address in the user's tunnel.
    pub(super) own_address: Option<Ipv4Addr>,
    pub(super) routes: Vec<Network>,
}

/// All users.
pub(super) struct Users {
    configured: Vec<User>,
    file: Option<Table>,
    /// The password of nobody: the proof of an unknown user is compared with it, so that a refusal
    /// costs the same and says the same for every name.
    nobody: Secret,
}

/// A file of users, and what was in it when it was read last.
struct Table {
    path: PathBuf,
    stamp: Option<Stamp>,
    users: Vec<User>,
}

/// The marks that change with a file: the number of the file, its length, and when it was written.
type Stamp = (u64, u64, i64, i64);

impl Users {
    /// Knows the users of the configuration and of a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line is none.
    pub(super) fn open(configured: &[User], file: Option<&Path>, entropy: [u8; 32]) -> io::Result<Self> {
        let file = match file {
            Some(path) => {
                let mut table = Table { path: path.to_owned(), stamp: None, users: Vec::new() };
                table.refresh()?;
                Some(table)
            }
            None => None,
        };
        Ok(Self { configured: configured.to_vec(), file, nobody: Secret::new(hex::encode(entropy)) })
    }

    /// Returns whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.configured.is_empty() && self.file.is_none()
    }

    /// Answers what a client presents, and returns what came of it. A user without `room` is refused by MS-CHAP with
    /// an error of its own, once the proof is good.
    ///
    /// # Errors
    ///
    /// The session does not take the answer.
    pub(super) fn answer(
        &mut self,
        now: Duration,
        line: &mut dyn Line,
        service: Service,
        question: Question,
        room: impl FnOnce(&Known) -> bool,
    ) -> Result<(Outcome, Known), AnswerError> {
        let presented = line.presented().ok_or(AnswerError::NotAsked)?;
        let name = presented.name().map(|name| name.0.to_vec()).unwrap_or_default();
        // The file is read again once it has changed, so that new users need no restart.
        if let Some(Err(error)) = self.file.as_mut().map(Table::refresh) {
            // Those who were known before may still come.
            complain(&error.to_string());
        }
        let user = self.find(&name, service).cloned();
        let is_microsoft = matches!(presented, Presented::MsChap { .. } | Presented::ChangePassword { .. });
        let known = user.as_ref().map(Known::of).unwrap_or_default();
        let outcome = match user {
            Some(user) if is_microsoft => self.answer_microsoft(now, line, question, &user, room(&known)),
            // PAP and CHAP cannot say that a password has expired, nor change it.
            Some(user) if !user.expired => self.answer_other(now, line, question, &user),
            _ => self.refuse(now, line, question),
        };
        Ok((outcome?, known))
    }

    /// Compares what the client presents with the password of nobody.
    fn refuse(&self, now: Duration, line: &mut dyn Line, question: Question) -> Result<Outcome, AnswerError> {
        line.answer(now, question.ticket(), &Answer::Password(self.nobody.expose().as_bytes()))
    }

    fn answer_microsoft(
        &self,
        now: Duration,
        line: &mut dyn Line,
        question: Question,
        user: &User,
        has_room: bool,
    ) -> Result<Outcome, AnswerError> {
        let hash = nt_hash(user);
        let mut account = Account::new(&hash);
        if !has_room {
            account = account.with_restriction(FailureCode::NO_DIALIN_PERMISSION);
        } else if user.expired && matches!(question, Question::Proof(_)) {
            // The client still proves the old password, and may then change it.
            account = account.with_restriction(FailureCode::PASSWORD_EXPIRED);
        }
        let is_plain = has_room && !user.expired && matches!(question, Question::Proof(_));
        let answer = match &user.password {
            // With the password there are short keys for version 1 too.
            Some(password) if is_plain => Answer::Password(password.expose().as_bytes()),
            _ => Answer::Account(&account),
        };
        let outcome = line.answer(now, question.ticket(), &answer)?;
        if let Outcome::PasswordChanged(new) = &outcome {
            let stored = match &self.file {
                Some(table) => table.store(user, &new.nt_hash()),
                None => Err(io::Error::other("there is no file of users to write the new password into")),
            };
            // A password that could not be kept must not be reported as changed.
            if let Err(error) = stored {
                complain(&format!("the new password of {}: {error}", user.name));
                line.reject_change(now);
            }
        }
        Ok(outcome)
    }

    fn answer_other(
        &self,
        now: Duration,
        line: &mut dyn Line,
        question: Question,
        user: &User,
    ) -> Result<Outcome, AnswerError> {
        // PAP brings the password itself, so its hash can be compared.
        let is_hash_of = |presented: &Presented<'_>| match presented {
            Presented::Pap { password, .. } => std::str::from_utf8(password.as_bytes())
                .is_ok_and(|password| NtHash::from_password(password).ct_eq(&nt_hash(user))),
            _ => false,
        };
        let presented = line.presented();
        let answer = match &user.password {
            Some(password) => Answer::Password(password.expose().as_bytes()),
            None if presented.as_ref().is_some_and(is_hash_of) => Answer::Accept(b""),
            // CHAP needs the password in the clear, and a hash does not give it.
            None => return self.refuse(now, line, question),
        };
        line.answer(now, question.ticket(), &answer)
    }

    /// Finds a user of a service with the domain, then without it. One name may have a user for each service.
    fn find(&self, name: &[u8], service: Service) -> Option<&User> {
        let without = name.rsplit(|byte| *byte == b'\\').next().unwrap_or(name);
        let all = || self.file.iter().flat_map(|table| &table.users).chain(&self.configured);
        let is_it =
            |user: &&User, name: &[u8]| user.name.as_bytes() == name && [Service::Any, service].contains(&user.service);
        [name, without].into_iter().find_map(|name| all().find(|user| is_it(user, name)))
    }
}

impl Known {
    fn of(user: &User) -> Self {
        Self { address: user.remote_address, own_address: user.local_address, routes: user.routes.clone() }
    }

    /// Makes the server's address in this user's tunnel an address of the device, where it has one of its own, and
    /// returns it. Another user may have the same.
    pub(super) fn own_address(&self, calls: &Calls, device: &Device) -> Option<Ipv4Addr> {
        let own = self.own_address?;
        calls.reserve(own);
        if let Err(error) = device.add_address(own.into(), None, 32) {
            complain(&format!("the address {own}: {error}"));
        }
        Some(own)
    }
}

impl Table {
    /// Reads the file if it has changed.
    fn refresh(&mut self) -> io::Result<()> {
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        let stamp = stamp(&self.path).map_err(failed)?;
        if self.stamp == Some(stamp) {
            return Ok(());
        }
        self.users = read(&self.path).map_err(failed)?;
        self.stamp = Some(stamp);
        Ok(())
    }

    /// Writes the hash of a new password in the place of the old one. The file is replaced as a
    /// whole, or stays unchanged; another program that writes it in this way waits meanwhile.
    fn store(&self, User { name, service, .. }: &User, hash: &NtHash) -> io::Result<()> {
        let beside = |ending: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        // Two clients may change their passwords at once.
        let lock = File::create(beside(".lock"))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let text = fs::read_to_string(&self.path)?;
        let mut new = String::with_capacity(text.len().saturating_add(64));
        for line in text.lines() {
            match parse(line) {
                Ok(Some(user)) if user.name == *name && user.service == *service => {
                    new.extend([name.as_str(), " nt:", &hex::encode(hash.as_bytes())]);
                    // The rest of the line stays.
                    let words = line.split_ascii_whitespace().skip(2).filter(|word| *word != "expired");
                    new.extend(words.flat_map(|word| [" ", word]));
                }
                _ => new.push_str(line),
            }
            new.push('\n');
        }
        // Renamed into its place, so that no reader sees half a file.
        let temporary = beside(".new");
        let mut file = File::create(&temporary)?;
        // Before a byte is written: the file has secrets in it.
        file.set_permissions(fs::metadata(&self.path)?.permissions())?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

fn read(path: &Path) -> io::Result<Vec<User>> {
    let text = fs::read_to_string(path)?;
    let mut users = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let failed = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("line {number}: {what}"));
        users.extend(parse(line).map_err(failed)?);
    }
    Ok(users)
}

fn parse(line: &str) -> Result<Option<User>, String> {
    let mut words = line.split_ascii_whitespace();
    // The rest of a comment is never read.
    let Some(name) = words.next().filter(|name| !name.starts_with('#')) else { return Ok(None) };
    let secret = words.next().ok_or("a name without a password")?;
    let (password, nt_hash) = match secret.strip_prefix("nt:") {
        Some(digits) => (None, Some(digits.parse::<NtHashText>()?)),
        None => (Some(Secret::new(secret.to_owned())), None),
    };
    let mut user = User {
        name: name.to_owned(),
        password,
        nt_hash,
        expired: false,
        service: Service::Any,
        local_address: None,
        remote_address: None,
        routes: Vec::new(),
    };
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("expired", "") => user.expired = true,
            ("address", text) => user.remote_address = Some(text.parse().map_err(|error| format!("{word}: {error}"))?),
            ("local", text) => user.local_address = Some(text.parse().map_err(|error| format!("{word}: {error}"))?),
            ("route", text) => user.routes.push(text.parse().map_err(|error| format!("{word}: {error}"))?),
            ("service", "any") => user.service = Service::Any,
            ("service", "pptp") => user.service = Service::Pptp,
            ("service", "l2tp") => user.service = Service::L2tp,
            _ => return Err(format!("`{word}` is none of `expired`, `address=`, `local=`, `route=`, `service=`")),
        }
    }
    Ok(Some(user))
}

fn nt_hash(user: &User) -> NtHash {
    match (&user.nt_hash, &user.password) {
        (Some(hash), _) => hash.hash().clone(),
        (None, password) => NtHash::from_password(password.as_ref().map_or("", Secret::expose)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_users() {
        let user = parse("alice wonderland").unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.expired), ("alice", false));
        let user =
            parse(" bob nt:8846f7eaee8fb117ad06bdd830b7586c expired address=10.0.0.2 route=10.1.0.0/16 route=::/0 ");
        let user = user.unwrap().unwrap();
        assert!(user.expired && user.password.is_none());
        assert_eq!((user.remote_address, user.routes.len()), (Some(Ipv4Addr::new(10, 0, 0, 2)), 2));
        assert!(parse("# comment").unwrap().is_none() && parse("").unwrap().is_none());
        for wrong in ["alice", "alice nt:00", "a b c", "a b address=1", "a b route=10.0.0.1/8", "a b service=ftp"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_is_read_when_it_has_changed_and_written_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        fs::write(&path, "# all\nalice wonderland\ncarol old expired address=10.0.0.2\n").unwrap();
        let mut table = Table { path: path.clone(), stamp: None, users: Vec::new() };
        table.refresh().unwrap();
        assert_eq!(table.users.len(), 2);
        let carol = parse("carol old").unwrap().unwrap();
        table.store(&carol, &NtHash::from_password("new")).unwrap();
        let hash = hex::encode(NtHash::from_password("new").as_bytes());
        let expected = format!("# all\nalice wonderland\ncarol nt:{hash} address=10.0.0.2\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        table.refresh().unwrap();
        assert!(!table.users[1].expired);
        // A line that is none: those who were known stay.
        fs::write(&path, "alice\n").unwrap();
        assert!(table.refresh().unwrap_err().to_string().contains("line 1: a name without a password"));
        assert_eq!(table.users.len(), 2);
    }

    /// Two servers with one file: both new passwords are there afterwards.
    #[test]
    fn two_who_write_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        let names: Vec<_> = (0..40).map(|number| format!("user{number}")).collect();
        fs::write(&path, names.join(" old\n") + " old\n").unwrap();
        std::thread::scope(|scope| {
            for half in names.chunks(20) {
                let table = Table { path: path.clone(), stamp: None, users: Vec::new() };
                scope.spawn(move || {
                    for name in half {
                        let user = parse(&format!("{name} old")).unwrap().unwrap();
                        table.store(&user, &NtHash::from_password("new")).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&path).unwrap().iter().filter(|user| user.nt_hash.is_some()).count(), 40);
    }
}
