//! A full disk: a clear error, nothing half written, and work again once there is space.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Scratch, Server, init};

/// A small file system of its own; unmounted when dropped. Needs root, as CI has.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Self {
        std::fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs"])
            .arg(at)
            .status()
            .unwrap();
        assert!(mounted.success(), "this test mounts a small file system and needs root for it");
        Self(at.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_refuses_clearly_and_recovers() {
    let scratch = Scratch::new();
    let disk = SmallDisk::mount(&scratch.path().join("disk"));
    let data = disk.0.join("data");
    init(&data);
    let mut server = Server::start(&data);
    let root = server.root();
    let ballast = disk.0.join("ballast");
    assert_eq!(root.iam("CreateUser", "&UserName=before").unwrap().status, 200);

    // Fill the disk to the last block.
    let mut file = std::fs::File::create(&ballast).unwrap();
    let block = vec![0_u8; 4096];
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
    let mut kept = BTreeSet::from(["before".to_owned()]);
    let mut refused = 0;
    for count in 0..3000 {
        let name = format!("full-{count}");
        let answer = root.iam("CreateUser", &format!("&UserName={name}")).unwrap();
        match answer.status {
            200 => drop(kept.insert(name)),
            500 | 503 => {
                assert_eq!(answer.element("Code"), Some("ServiceUnavailable"), "{}", answer.body);
                refused += 1;
            }
            _ => panic!("{answer:?}"),
        }
        if refused >= 20 {
            break;
        }
    }
    assert!(refused >= 20, "the disk never was full for the server");

    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(root.iam("CreateUser", "&UserName=after").unwrap().status, 200);
    kept.insert("after".to_owned());
    let present: BTreeSet<String> = root.users().into_iter().collect();
    assert_eq!(present, kept, "what was refused must not be there, what was acknowledged must");
    server.kill();
    let server = Server::start(&data);
    let present: BTreeSet<String> = server.root().users().into_iter().collect();
    assert_eq!(present, kept, "after a restart");
}
