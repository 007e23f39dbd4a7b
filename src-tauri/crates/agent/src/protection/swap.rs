//! What this machine swaps to, followed down to the disk.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use daypass_domain::protection::{Finding, Swap};

/// Layers between a swap area and its disk: more are a ring.
const DEEPEST: u8 = 8;

/// What a device comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Encrypted,
    InMemory,
    Plain,
    Unknown,
}

/// Looks at every swap area.
pub(super) fn swap() -> Finding {
    let Ok(table) = fs::read_to_string("/proc/swaps") else {
        return Finding::Swap(Swap { unknown: 1, ..Swap::default() });
    };
    Finding::Swap(count(&table, Path::new("/sys")))
}

fn count(table: &str, sys: &Path) -> Swap {
    let mut swap = Swap::default();
    for line in table.lines().skip(1) {
        let Some(name) = line.split_whitespace().next() else { continue };
        // Spaces and the like stand as `\040`.
        let kind = if name.contains('\\') { Kind::Unknown } else { kind(Path::new(name), sys) };
        *match kind {
            Kind::Encrypted => &mut swap.encrypted,
            Kind::InMemory => &mut swap.in_memory,
            Kind::Plain => &mut swap.plain,
            Kind::Unknown => &mut swap.unknown,
        } += 1;
    }
    swap
}

fn kind(path: &Path, sys: &Path) -> Kind {
    let device = if path.starts_with("/dev") {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        path.file_name().map(|name| sys.join("class/block").join(name))
    } else {
        // A file: what its file system lies on. Some, such as btrfs, don't tell.
        fs::metadata(path).ok().map(|found| {
            let (major, minor) = (libc::major(found.dev()), libc::minor(found.dev()));
            sys.join(format!("dev/block/{major}:{minor}"))
        })
    };
    device.map_or(Kind::Unknown, |device| of_device(device, DEEPEST))
}

fn of_device(device: PathBuf, deeper: u8) -> Kind {
    let Ok(real) = fs::canonicalize(&device) else { return Kind::Unknown };
    let name = real.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.starts_with("zram") {
        // With a backing device some of it goes to a disk.
        let backing = fs::read_to_string(real.join("backing_dev")).unwrap_or_default();
        return if matches!(backing.trim(), "" | "none") { Kind::InMemory } else { Kind::Unknown };
    }
    if fs::read_to_string(real.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with("CRYPT-")) {
        return Kind::Encrypted;
    }
    if deeper == 0 {
        return Kind::Unknown;
    }
    // Volumes and arrays lie on others; a partition and a disk on none.
    let below: Vec<_> = fs::read_dir(real.join("slaves")).into_iter().flatten().flatten().collect();
    let kinds: Vec<_> = below.iter().map(|below| of_device(below.path(), deeper - 1)).collect();
    [Kind::Plain, Kind::Unknown]
        .into_iter()
        .find(|kind| kinds.contains(kind))
        .unwrap_or(if kinds.is_empty() { Kind::Plain } else { Kind::Encrypted })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A machine with a disk, LUKS on one partition of it, a volume on that, a plain volume, and zram.
    fn machine() -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        let device = |name: &str, uuid: Option<&str>, below: &[&str]| {
            let real = top.path().join("devices").join(name);
            fs::create_dir_all(real.join("slaves")).unwrap();
            if let Some(uuid) = uuid {
                fs::create_dir(real.join("dm")).unwrap();
                fs::write(real.join("dm/uuid"), uuid).unwrap();
            }
            for below in below {
                symlink(top.path().join("devices").join(below), real.join("slaves").join(below)).unwrap();
            }
            fs::create_dir_all(top.path().join("class/block")).unwrap();
            symlink(&real, top.path().join("class/block").join(name)).unwrap();
        };
        device("none2", None, &[]);
        device("none3", None, &[]);
        device("dm-70", Some("CRYPT-LUKS2-abc-name\n"), &["none2"]);
        device("dm-71", Some("LVM-abc\n"), &["dm-70"]);
        device("dm-72", Some("LVM-def\n"), &["dm-70", "none3"]);
        device("zram70", None, &[]);
        top
    }

    #[test]
    fn each_area_is_followed_down_to_its_disk() {
        let machine = machine();
        let of = |names: &[&str]| {
            let lines: String = names.iter().map(|name| format!("{name} partition 1 0 -2\n")).collect();
            count(&format!("Filename Type Size Used Priority\n{lines}"), machine.path())
        };
        assert_eq!(of(&[]), Swap::default());
        assert_eq!(of(&["/dev/zram70"]), Swap { in_memory: 1, ..Swap::default() });
        assert_eq!(of(&["/dev/dm-70", "/dev/dm-71"]), Swap { encrypted: 2, ..Swap::default() });
        assert_eq!(of(&["/dev/none3", "/dev/dm-72"]), Swap { plain: 2, ..Swap::default() });
        assert_eq!(of(&["/dev/gone", "/nowhere/swap"]), Swap { unknown: 2, ..Swap::default() });
    }
}
