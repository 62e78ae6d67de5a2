//! The screen: sockets above, the peers of the chosen one below, and the recent past between them.

use crate::failure::Failure;
use crate::report::human;
use crate::top::poll::{Poll, Reading};
use crate::top::report::{GROUP_HEADINGS, GroupNumbers, HEADINGS, PeerNumbers, Report, Row, SocketNumbers};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Cell, Row as Cells, Sparkline, Table, TableState};
use ratatui::{DefaultTerminal, Frame};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::time::Duration;
use zincmq::Error;

/// How long a key may wait.
const TICK: Duration = Duration::from_millis(50);
/// How many rates are remembered.
const PAST: usize = 240;
const PEER_HEADINGS: [&str; 8] =
    ["BY ENDPOINT", "RECEIVED", "SENT", "QUEUED", "UNREAD", "DROPPED", "DISCARDED", "CONFLATED"];

/// Shows what `poll` reads until the user, or an interrupt, ends it.
pub(super) fn run(poll: &Poll, endpoint: &str) -> Result<(), Failure> {
    let unable = |error: io::Error| Failure::Failed(format!("cannot use the terminal: {error}"));
    let mut terminal = ratatui::try_init().map_err(unable)?;
    let result = Screen::new(endpoint).show(&mut terminal, poll);
    ratatui::try_restore().map_err(unable)?;
    result.map_err(unable)?
}

/// Waits a moment for keys: whether there are any. A terminal that has gone is an error: crossterm alone would read its end for ever.
fn await_keys() -> io::Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return event::poll(TICK);
    }
    let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
    let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
    match rustix::event::poll(&mut terminal, Some(&tick)) {
        // A signal, such as that of another size.
        Err(Errno::INTR) => return Ok(false),
        result => result?,
    };
    let [terminal] = terminal;
    if terminal.revents().intersects(PollFlags::HUP | PollFlags::ERR) {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    if terminal.revents().contains(PollFlags::IN) { event::poll(Duration::ZERO) } else { Ok(false) }
}

struct Screen<'a> {
    endpoint: &'a str,
    report: Option<Report>,
    rows: Vec<Row>,
    /// Why there are no newer numbers.
    trouble: Option<String>,
    /// Messages a second of all sockets, in and out, the newest first.
    rates: VecDeque<[f64; 2]>,
    chosen: usize,
    paused: bool,
}

impl<'a> Screen<'a> {
    fn new(endpoint: &'a str) -> Self {
        Self {
            endpoint,
            report: None,
            rows: Vec::new(),
            trouble: Some("asking".to_owned()),
            rates: VecDeque::new(),
            chosen: 0,
            paused: false,
        }
    }

    fn show(
        &mut self,
        terminal: &mut DefaultTerminal,
        poll: &Poll,
    ) -> Result<Result<(), Failure>, io::Error> {
        loop {
            match poll.look() {
                Ok(Some(reading)) => self.take(reading),
                Ok(None) => {}
                Err(Error::Terminated) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error.into())),
            }
            terminal.draw(|frame| self.draw(frame))?;
            // One look at the terminal may bring several keys.
            let mut keys = await_keys()?;
            while keys {
                if let Event::Key(key) = event::read()?
                    && self.obey(key)
                {
                    return Ok(Ok(()));
                }
                keys = event::poll(Duration::ZERO)?;
            }
        }
    }

    fn take(&mut self, reading: Reading) {
        let report = match reading {
            Reading::Silence => Err("no answer: does the process run, and is this its --stats?".to_owned()),
            Reading::Answer(text) => Report::read(&text).map_err(|failure| failure.to_string()),
        };
        match report {
            Err(trouble) => self.trouble = Some(trouble),
            Ok(_) if self.paused => {}
            Ok(report) => {
                self.trouble = None;
                self.rows = Row::all(&report, self.report.as_ref());
                let add =
                    |[received, sent]: [f64; 2], row: &Row| [received + row.rates[0], sent + row.rates[1]];
                self.rates.push_front(self.rows.iter().fold([0.0; 2], add));
                self.rates.truncate(PAST);
                self.chosen = self.chosen.min(report.sockets.len().saturating_sub(1));
                self.report = Some(report);
            }
        }
    }

    /// Whether the key ends the display.
    fn obey(&mut self, key: KeyEvent) -> bool {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Down => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            _ => {}
        }
        false
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        let sockets = self.rows.len() as u16 + 3;
        let [head, above, middle, below, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(sockets),
            Constraint::Length(6),
            Constraint::Min(3),
            Constraint::Length(1),
        ])
        .areas(frame.area());
        let title = self.report.as_ref().map_or_else(|| self.endpoint.to_owned(), Report::title);
        frame.render_widget(Line::from(title).bold(), head);
        self.draw_sockets(frame, above);
        self.draw_past(frame, middle);
        let groups = self.chosen().map(groups_of).unwrap_or_default();
        if groups.is_empty() {
            self.draw_peers(frame, below);
        } else {
            draw_groups(frame, below, &groups);
        }
        let foot_line = match &self.trouble {
            Some(trouble) => Line::from(format!("{}: {trouble}", self.endpoint)).red(),
            None if self.paused => Line::from("stopped; space goes on").yellow(),
            None => Line::from("up/down: choose a socket   space: stop   q: end").dim(),
        };
        frame.render_widget(foot_line, foot);
    }

    fn draw_sockets(&self, frame: &mut Frame<'_>, area: Rect) {
        let widths = [7, 0, 6, 8, 8, 8, 8, 7, 7, 9, 6, 8].map(|width| match width {
            0 => Constraint::Min(20),
            width => Constraint::Length(width),
        });
        let rows = self.rows.iter().map(|row| Cells::new(row.cells.iter().map(|cell| Cell::from(&**cell))));
        let table = Table::new(rows, widths)
            .header(Cells::new(HEADINGS).style(Style::new().add_modifier(Modifier::BOLD)))
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
            .block(Block::bordered().title("sockets"));
        let mut state = TableState::new().with_selected(self.chosen);
        frame.render_stateful_widget(table, area, &mut state);
    }

    fn draw_past(&self, frame: &mut Frame<'_>, area: Rect) {
        let [received, sent] = self.rates.front().copied().unwrap_or_default();
        let title = format!("messages a second: {} in, {} out", human(received), human(sent));
        // A message that passes through comes and goes, and counts once.
        let rates: Vec<u64> = self.rates.iter().map(|[received, sent]| received.max(*sent) as u64).collect();
        let newest_right = ratatui::widgets::RenderDirection::RightToLeft;
        let line = Sparkline::default().data(&rates).direction(newest_right).cyan();
        frame.render_widget(line.block(Block::bordered().title(title)), area);
    }

    fn chosen(&self) -> Option<&SocketNumbers> {
        self.report.as_ref().and_then(|report| report.sockets.get(self.chosen))
    }

    fn draw_peers(&self, frame: &mut Frame<'_>, area: Rect) {
        let socket = self.chosen();
        let peers = socket.map(|socket| &*socket.peers).unwrap_or_default();
        let row = |peer: &PeerNumbers| {
            let numbers = &peer.numbers;
            let queued = [numbers.queued_out, numbers.queued_in];
            let gone = [numbers.dropped_full, numbers.discarded, numbers.conflated];
            let counts = [numbers.received, numbers.sent].into_iter().chain(queued).chain(gone);
            Cells::new([peer.endpoint.clone()].into_iter().chain(counts.map(|count| count.to_string())))
        };
        let numbers = [Constraint::Length(9); 7];
        let widths = [Constraint::Min(20)].into_iter().chain(numbers);
        let heading = Cells::new(PEER_HEADINGS).bold();
        let table = Table::new(peers.iter().map(row), widths).header(heading);
        let title = socket.map_or_else(
            || "peers".to_owned(),
            |socket| format!("peers of the {}: {}", socket.socket_type, peers.len()),
        );
        frame.render_widget(table.block(Block::bordered().title(title)), area);
    }
}

fn groups_of(socket: &SocketNumbers) -> Vec<[String; 7]> {
    socket.multicast.iter().flat_map(GroupNumbers::rows).collect()
}

/// In place of the peers: a group's peer is the whole group.
fn draw_groups(frame: &mut Frame<'_>, area: Rect, groups: &[[String; 7]]) {
    let widths = [Constraint::Min(20), Constraint::Length(21)].into_iter().chain([Constraint::Length(10); 5]);
    let rows = groups.iter().map(|row| Cells::new(row.iter().map(|cell| Cell::from(&**cell))));
    let table = Table::new(rows, widths).header(Cells::new(GROUP_HEADINGS).bold());
    frame.render_widget(table.block(Block::bordered().title("multicast, in datagrams")), area);
}
