//! Icons: strokes on a 24 × 24 grid, in the colour of the text around them. Never read aloud; what
//! they stand beside or in has a name of its own.

use leptos::prelude::*;

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Alert,
    Archive,
    Attach,
    Back,
    BellOff,
    Check,
    Checks,
    Clock,
    Close,
    Copy,
    Device,
    Down,
    Download,
    Exit,
    Eye,
    EyeOff,
    File,
    Group,
    Image,
    Key,
    Lock,
    More,
    Pencil,
    Person,
    Pin,
    Print,
    Plus,
    Retry,
    Reply,
    Scan,
    Search,
    Send,
    Settings,
    Shield,
    Smile,
    Spinner,
    Trash,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Smile => {
                "M12 3.500a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17M8.500 14.200c1.800 2.300 5.200 2.300 7 0M9 9.500v.01M15 9.500v.01"
            }
            Self::Reply => "M9.500 6L4 11.500L9.500 17M4.500 11.500H14a6 6 0 0 1 6 6v1",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Pin => "M9 4h6l-1 6l3.500 3.500h-11L10 10zM12 13.500V20",
            Self::Group => {
                "M9 5a3.500 3.500 0 1 1 0 7a3.500 3.500 0 0 1 0-7M2.500 19.500c0-3.500 2.8-4.800 6.500-4.800s6.500 1.300 6.500 4.800M16 5.500a3.300 3.300 0 0 1 0 6.200M18 14.900c2.200.6 3.500 2 3.500 4.600"
            }
            Self::Exit => {
                "M14 4.500H6a1 1 0 0 0-1 1v13a1 1 0 0 0 1 1h8M10 12h10.500M17 8.500l3.500 3.500l-3.500 3.5"
            }
            Self::Checks => "M2.5 12.500l4.500 4.500L15 8.500M11 16l1.500 1.500L21.500 8.500",
            Self::BellOff => {
                "M4 4l16 16M7 9.500V15l-1.500 2.500h11M9 6a5 5 0 0 1 8 4v3.500M10.500 20.500h3"
            }
            Self::Archive => "M4 5h16v4H4zM5.5 9v9.500a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V9M10 13h4",
            Self::Alert => "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17M12 8v4.5M12 16v.01",
            Self::Attach => {
                "M20 11.5l-7.8 7.8a5 5 0 0 1-7.1-7.1l8.2-8.2a3.4 3.4 0 0 1 4.8 4.8l-8 8a1.7 1.7 0 0 1-2.4-2.4l7.1-7.1"
            }
            Self::Back => "M15 5l-7 7l7 7",
            Self::Check => "M5 12.5l4.5 4.5L19 7.5",
            Self::Clock => "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17M12 7.5V12l3 2",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Copy => {
                "M9.5 8.500h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-10a1 1 0 0 1 1-1M15.5 8.500V4.500a1 1 0 0 0-1-1h-9a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3"
            }
            Self::Device => "M5.5 5h13a1 1 0 0 1 1 1v9.500h-15V6a1 1 0 0 1 1-1M2.5 18.500h19",
            Self::Down => "M12 5v14M6 13l6 6l6-6",
            Self::Download => "M12 4v11M7 11l5 5l5-5M5 20h14",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5S21.5 12 21.5 12S18 18.5 12 18.500S2.5 12 2.5 12M12 9.200a2.8 2.8 0 1 1 0 5.600a2.8 2.8 0 0 1 0-5.6"
            }
            Self::EyeOff => {
                "M4 4l16 16M9.9 5.800A8.6 8.6 0 0 1 12 5.500c6 0 9.5 6.5 9.5 6.500a16 16 0 0 1-2.7 3.400M14.1 14.100a2.9 2.9 0 0 1-4.2-4.100M6.5 7.200A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.500a8.7 8.7 0 0 0 4.3-1.2"
            }
            Self::File => {
                "M7 3.500h6.500L19 9v10.500a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1M13 3.500V9.500h6"
            }
            Self::Image => {
                "M5 4.500h14a1.5 1.5 0 0 1 1.5 1.500v12a1.5 1.5 0 0 1-1.5 1.500H5A1.5 1.5 0 0 1 3.5 18V6A1.5 1.5 0 0 1 5 4.500M9 8.500a1.3 1.3 0 1 1 0 2.600a1.3 1.3 0 0 1 0-2.600M4 17.500l5-4.500l3.5 3l3-2.500l5 4"
            }
            Self::Key => {
                "M15.5 3.500a5 5 0 1 1-3.3 8.700L5 19.500v1h-.500H3.500v-3.500l7.6-7.600A5 5 0 0 1 15.5 3.500M16 8v.01"
            }
            Self::Lock => {
                "M6.5 10.500h11a1 1 0 0 1 1 1v7.500a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-7.500a1 1 0 0 1 1-1M8.5 10.500V8a3.5 3.5 0 0 1 7 0v2.500M12 14.500v2"
            }
            Self::More => "M12 5.500v.01M12 12v.01M12 18.500v.01",
            Self::Pencil => {
                "M4 20l1-4.500L15.8 4.700a1.9 1.9 0 0 1 2.7 0l.8.800a1.9 1.9 0 0 1 0 2.700L8.5 19zM13.5 7l3.5 3.5"
            }
            Self::Person => {
                "M12 4a4 4 0 1 1 0 8a4 4 0 0 1 0-8M4.5 20.500c0-4 3.3-5.500 7.5-5.500s7.500 1.500 7.500 5.500"
            }
            Self::Print => {
                "M7 9V4h10v5M7 17H4.500a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1h15a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H17M7 14h10v6.500H7z"
            }
            Self::Retry => "M19.5 12a7.5 7.5 0 1 1-2.3-5.400L19.5 9M19.5 4v5h-5",
            Self::Scan => {
                "M4 8.500V5a1 1 0 0 1 1-1h3.500M15.500 4H19a1 1 0 0 1 1 1v3.500M20 15.500V19a1 1 0 0 1-1 1h-3.500M8.500 20H5a1 1 0 0 1-1-1v-3.500M7 12h10"
            }
            Self::Search => "M11 4a7 7 0 1 1 0 14a7 7 0 0 1 0-14M16 16l4.5 4.5",
            Self::Send => "M12 20V5M5.5 11.500L12 5l6.5 6.5",
            Self::Settings => {
                "M4 7h9M17.5 7H20M4 17h2.500M11 17h9M15.25 4.750a2.25 2.25 0 1 1 0 4.500a2.25 2.25 0 0 1 0-4.500M8.75 14.750a2.25 2.25 0 1 1 0 4.500a2.25 2.25 0 0 1 0-4.5"
            }
            Self::Shield => {
                "M12 3.500l7 2.500v5.500c0 4.3-2.9 7.5-7 9c-4.1-1.5-7-4.7-7-9V6zM12 8.500v4M12 15.500v.01"
            }
            Self::Spinner => "M12 4a8 8 0 1 1-8 8",
            Self::Trash => {
                "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.3 10.500l.2 6M13.7 10.500l-.2 6"
            }
        }
    }
}

/// Draws an icon.
pub(crate) fn icon(icon: Icon) -> impl IntoView {
    view! {
        <svg
            class="icon"
            class:spin=matches!(icon, Icon::Spinner)
            viewBox="0 0 24 24"
            aria-hidden="true"
        >
            <path d=icon.path()></path>
        </svg>
    }
}

/// The mark of Sotto: a bubble in which a sound dies away.
pub(crate) fn logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 48 48" aria-hidden="true">
            <path
                class="logo-bubble"
                d="M24 5c11 0 19 7.4 19 17s-8 17-19 17c-1.9 0-3.7-.2-5.4-.600L9.5 43c-.9.4-1.8-.4-1.5-1.300l1.9-6.600C6.9 31.9 5 27.3 5 22C5 12.4 13 5 24 5z"
            ></path>
            <path class="logo-sound" d="M16 15.500v13M24 18.500v7M32 21v2"></path>
        </svg>
    }
}
