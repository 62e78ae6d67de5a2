//! `zinc man`, `zinc completions`: the files that a package puts beside the command.

use crate::failure::Failure;
use crate::output;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::PathBuf;

/// Make manual pages
///
/// Prints a manual page, or writes all of them to a directory.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zinc man proxy | man -l -
  zinc man --dir /usr/local/share/man/man1")]
pub(crate) struct Manual {
    /// The command whose page it is; without it, that of zinc itself
    command: Option<String>,

    /// Write every page here instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Make a shell's completions
///
/// Prints a script that completes commands, options and their values.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zinc completions bash > /etc/bash_completion.d/zinc
  zinc completions fish > ~/.config/fish/completions/zinc.fish")]
pub(crate) struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

impl Manual {
    pub(crate) fn run(self, mut zinc: Command) -> Result<(), Failure> {
        if let Some(dir) = &self.dir {
            let unable = |error| Failure::Failed(format!("cannot write to {}: {error}", dir.display()));
            std::fs::create_dir_all(dir).map_err(unable)?;
            return clap_mangen::generate_to(zinc, dir).map_err(unable);
        }
        zinc.build();
        let page = match &self.command {
            None => zinc,
            Some(name) => {
                let found = zinc.find_subcommand(name).cloned();
                found.ok_or_else(|| Failure::Usage(format!("there is no command {name}: see zinc --help")))?
            }
        };
        let mut text = Vec::new();
        let rendered = Man::new(page).render(&mut text);
        rendered.map_err(|error| Failure::Failed(format!("the manual page cannot be made: {error}")))?;
        output::write(&text)
    }
}

impl Completions {
    pub(crate) fn run(self, mut zinc: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut zinc, "zinc", &mut script);
        output::write(&script)
    }
}
