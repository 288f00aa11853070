//! Known members out of an archive, and nothing else: no path of an archive ever becomes one of ours.

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::{Component, Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use zip::{ZipArchive, result::ZipError};

use super::{Caller, Doing, GetError, Moved, Progress, move_bytes, rename};
use crate::data::{
    DataError,
    registry::{Archive, Member, Recipe, RemoteFile},
    store::{Kept, PART},
};

/// Most entries that an archive may have.
const ENTRIES_MAX: usize = 10_000;
/// Bytes of other members that are read over in a packed tar, beyond those that are kept.
const OTHERS_MAX: u64 = 64 << 20;

/// Unpacks the members of the archive at `path` that `file` names into `folder`, each under the last part of its path.
pub(super) fn members(
    recipe: &Recipe,
    kind: Archive,
    file: &RemoteFile,
    path: &Path,
    folder: &Path,
    caller: &mut Caller<'_>,
) -> Result<Vec<Kept>, GetError> {
    let archive = File::open(path).map_err(|error| fault(path, error))?;
    let mut out = Output {
        path,
        folder,
        members: &file.members,
        kept: Vec::new(),
        total: recipe.bytes_on_disk,
        caller,
    };
    match kind {
        Archive::Zip => out.take_zip(archive)?,
        Archive::TarGz => out.take_tar_gz(archive)?,
    }
    let kept = out.kept;
    let missing = file
        .members
        .iter()
        .find(|member| !kept.iter().any(|file| file.name == member.name()));
    match missing {
        Some(member) => Err(damaged(
            path,
            format!("there is no `{}` in it", member.path),
        )),
        None => Ok(kept),
    }
}

struct Output<'a, 'b> {
    path: &'a Path,
    folder: &'a Path,
    members: &'a [Member],
    kept: Vec<Kept>,
    total: u64,
    caller: &'a mut Caller<'b>,
}

impl<'a> Output<'a, '_> {
    fn take_zip(&mut self, archive: File) -> Result<(), GetError> {
        let path = self.path;
        let failed = |error: ZipError| match error {
            ZipError::Io(error) => fault(path, error),
            other => damaged(path, format!("it is no sound zip archive ({other})")),
        };
        let mut zip = ZipArchive::new(BufReader::new(archive)).map_err(failed)?;
        if zip.len() > ENTRIES_MAX {
            return Err(self.too_many());
        }
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(failed)?;
            let (name, is_file, is_dir) =
                (entry.name().to_owned(), entry.is_file(), entry.is_dir());
            let bytes = entry.size();
            drop(entry);
            let Some(member) = self.wanted(Path::new(&name), is_dir, is_file)? else {
                continue;
            };
            if bytes > member.bytes_max {
                return Err(self.too_large(member));
            }
            let mut entry = zip.by_index(index).map_err(failed)?;
            self.keep(member, &mut entry)?;
        }
        Ok(())
    }

    fn take_tar_gz(&mut self, archive: File) -> Result<(), GetError> {
        let path = self.path;
        let limit = self
            .members
            .iter()
            .map(|member| member.bytes_max)
            .sum::<u64>()
            + OTHERS_MAX;
        let unpacked = Limited {
            inner: MultiGzDecoder::new(BufReader::new(archive)),
            left: limit,
            limit,
        };
        let mut tar = tar::Archive::new(unpacked);
        let failed = |error| fault(path, error);
        for (count, entry) in tar.entries().map_err(failed)?.enumerate() {
            self.caller.go_on()?;
            if count >= ENTRIES_MAX {
                return Err(self.too_many());
            }
            let mut entry = entry.map_err(failed)?;
            let name = entry.path().map_err(failed)?.into_owned();
            let kind = entry.header().entry_type();
            let member = self.wanted(&name, kind.is_dir(), kind.is_file())?;
            if let Some(member) = member {
                if entry.size() > member.bytes_max {
                    return Err(self.too_large(member));
                }
                self.keep(member, &mut entry)?;
            }
        }
        Ok(())
    }

    /// The member that an entry is, if it is to be kept. An archive with a path that leads out of its folder was made to
    /// do harm, and is refused though such a path would not be used.
    fn wanted(
        &self,
        name: &Path,
        is_dir: bool,
        is_file: bool,
    ) -> Result<Option<&'a Member>, GetError> {
        let mut parts = Vec::new();
        for component in name.components() {
            match component {
                Component::CurDir => {}
                Component::Normal(part) => parts.push(part.to_string_lossy()),
                _ => {
                    let what =
                        format!("it holds a path that leads out of it, `{}`", name.display());
                    return Err(damaged(self.path, what));
                }
            }
        }
        let name = parts.join("/");
        let Some(member) = self.members.iter().find(|member| member.path == name) else {
            return Ok(None);
        };
        if is_dir || !is_file {
            let what = format!("`{name}` in it is a link or a folder instead of a file");
            return Err(damaged(self.path, what));
        }
        if self.kept.iter().any(|file| file.name == member.name()) {
            return Err(damaged(self.path, format!("it holds `{name}` twice")));
        }
        Ok(Some(member))
    }

    fn keep(&mut self, member: &Member, content: &mut dyn Read) -> Result<(), GetError> {
        let target = self.folder.join(member.name());
        let part = self.folder.join(format!("{}{PART}", member.name()));
        let before: u64 = self.kept.iter().map(|file| file.bytes).sum();
        let total = self.total;
        let progress = |moved: u64| Progress {
            doing: Doing::Unpacking,
            file: "",
            done: (before + moved).min(total),
            total,
        };
        let moved = move_bytes(
            content,
            &part,
            member.bytes_max,
            self.caller,
            &progress,
            member.name(),
        );
        let (bytes, sha256) = moved.map_err(|error| match error {
            Moved::Read(error) => fault(self.path, error),
            Moved::Write(source) => GetError::Data(DataError::Write {
                path: part.clone(),
                source,
            }),
            Moved::Cancelled => GetError::Cancelled,
        })?;
        if bytes > member.bytes_max {
            super::remove(&part)?;
            return Err(self.too_large(member));
        }
        rename(&part, &target)?;
        self.kept.push(Kept {
            name: member.name().to_owned(),
            bytes,
            sha256,
        });
        Ok(())
    }

    fn too_large(&self, member: &Member) -> GetError {
        let what = format!(
            "`{}` in it unpacks to more than the {} bytes that it may have",
            member.path, member.bytes_max
        );
        damaged(self.path, what)
    }

    fn too_many(&self) -> GetError {
        damaged(self.path, format!("it has more than {ENTRIES_MAX} entries"))
    }
}

/// Reads no more than a limit, and says so where there would be more.
struct Limited<R> {
    inner: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        if room == 0 && !buffer.is_empty() {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(
                    ErrorKind::InvalidData,
                    format!("more than {} bytes unpacked", self.limit),
                )),
            };
        }
        let count = self.inner.read(&mut buffer[..room])?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// Tells an archive that is not sound from one that the system cannot read.
fn fault(path: &Path, error: io::Error) -> GetError {
    match error.kind() {
        ErrorKind::UnexpectedEof => damaged(path, "the archive ends too early".to_owned()),
        // What flate2, tar and zip say of data that is none of theirs.
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            damaged(path, format!("it is no sound archive ({error})"))
        }
        _ => GetError::Data(DataError::Read {
            path: PathBuf::from(path),
            source: error,
        }),
    }
}

fn damaged(path: &Path, what: String) -> GetError {
    GetError::Data(DataError::Damaged {
        what,
        path: path.to_owned(),
    })
}
