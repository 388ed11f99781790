//! The table of faults that the simulator plays. Each block starts with the kinds of lists for which its rows are
//! played.
//!
//! Request 1 is the count, 2 the first page, and 3 to 8 are the other pages; [`Case::before`](super::case::Case) adapts
//! these numbers to other kinds. A block has fewer than all kinds only for one of these reasons:
//! - its rows are about pages, and the kind has none: everything comes in one answer;
//! - its rows are about an order, and the endpoint has no parameter for one;
//! - its rows are about 404, whose meaning differs: the end of a list, or a target group or company that is gone;
//! - the simulator plays the change at other endpoints only: companies are added and deleted between pages of
//!   companies;
//! - its rows are about how long the client waits, which does not depend on the kind: the first and the last kind stand
//!   for all, and the first alone if the client waits for every answer;
//! - its rows are about how a body is encoded, which the client undoes before any kind sees it: the first and the last
//!   kind stand for all.

use super::case::{companies, numbered, ordered, single, unordered};
use super::play::Play::{Faults, Switches};
use super::play::Then::{Ends, Equal, Incomplete, Throughout};
use super::play::play;

macro_rules! table {
    ($kinds:tt $($name:ident: $what:expr => $then:expr;)*) => {
        $(row! { $name $kinds $what => $then })*
    };
}

macro_rules! row {
    ($name:ident [$($kind:ident)*] $what:expr => $then:expr) => {
        mod $name {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $kind() {
                play(super::$kind(), $what, $then).await;
            })*
        }
    };
}

// One answer fails.
table! { [ordered unordered single numbered companies]
    too_many_requests_without_retry_after: Faults("429:none@3") => Equal;
    too_many_requests_with_seconds: Faults("429:7@3") => Equal;
    too_many_requests_with_a_date: Faults("429:date30@3") => Equal;
    too_many_requests_with_an_absurd_pause: Faults("429:absurd@3") => Equal;
    too_many_requests_with_words_for_a_pause: Faults("429:words@3") => Equal;
    server_error_with_json: Faults("500:json@3,500:json@4") => Equal;
    server_error_with_html: Faults("500:html@3,500:html@4") => Equal;
    bad_gateway_with_json: Faults("502:json@3") => Equal;
    bad_gateway_with_html: Faults("502:html@3") => Equal;
    service_unavailable_with_json: Faults("503:json@3") => Equal;
    service_unavailable_with_html: Faults("503:html@3") => Equal;
    service_unavailable_with_seconds: Faults("503:7@3") => Equal;
    gateway_timeout_with_json: Faults("504:json@3") => Equal;
    gateway_timeout_with_html: Faults("504:html@3") => Equal;
    success_with_html: Faults("html@3") => Equal;
    success_with_a_json_error: Faults("json-error@1,json-error@3") => Equal;
    success_with_an_empty_body: Faults("empty@3") => Equal;
    no_content: Faults("204@3") => Equal;
    connection_closed_before_the_answer: Faults("closed@3") => Equal;
    connection_reset_before_the_answer: Faults("reset@3") => Equal;
    connection_reset_inside_the_body: Faults("reset-in-body@3") => Equal;
    body_truncated_with_content_length: Faults("truncated@3") => Equal;
    body_truncated_without_content_length: Faults("cut@3") => Equal;
    gzip_with_a_flipped_bit: Faults("gzip-damaged@3") => Equal;
    gzip_cut_in_half: Faults("gzip-cut@3") => Equal;
    faults_on_the_count_and_on_the_first_page: Faults("503@1,reset@2,500@4,truncated@5") => Equal;
    every_first_attempt_fails: Faults("500@1,502@3,empty@5,cut@6,reset@7,204@8,html@9,closed@10") => Equal;
}

// How a body is encoded, and what the server says it is.
table! { [ordered companies]
    brotli_with_nonsense_inside: Faults("br-damaged@3") => Equal;
    zstandard_with_nonsense_inside: Faults("zstd-damaged@3") => Equal;
    everything_compressed_with_gzip: Switches(&["compression=gzip"], |log| log.plays("compression")) => Equal;
    everything_compressed_with_brotli: Switches(&["compression=br"], |log| log.plays("compression")) => Equal;
    everything_compressed_with_zstandard: Switches(&["compression=zstd"], |log| log.plays("compression")) => Equal;
    json_that_is_said_to_be_text: Switches(&["content-type=text/plain"], |log| log.plays("content-type")) => Equal;
    json_that_is_said_to_be_bytes: Switches(&["content-type=application/octet-stream"], |log| log.plays("content-type")) => Equal;
    json_of_which_nothing_is_said: Switches(&["content-type=none"], |log| log.plays("content-type")) => Equal;
    a_byte_order_mark_before_the_json: Switches(&["byte-order-mark=true"], |log| log.plays("byte-order-mark")) => Equal;
    brotli_bomb: Faults("br-bomb@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    zstandard_bomb: Faults("zstd-bomb@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    encoding_that_nobody_asked_for: Faults("compress@4") => Ends(4, &["encoding that is not understood: `compress`"]);
    text_as_utf16: Faults("utf16@4") => Ends(4, &["encoding that is not understood: `UTF-16`"]);
}

// One answer does not arrive.
table! { [ordered companies]
    body_that_trickles_one_byte_a_second: Faults("trickle@3") => Equal;
    body_that_stalls_in_the_middle: Faults("stall@3") => Equal;
    endless_hang: Faults("hang@3") => Equal;
}
table! { [ordered]
    trickling_for_ever: Faults("trickle@4+") => Ends(4, &["no answer in time"]);
    hanging_for_ever: Faults("hang@4+") => Ends(4, &["no answer in time"]);
}

// Every answer from one on fails.
table! { [ordered unordered single numbered companies]
    too_many_requests_for_ever: Faults("429:none@4+") => Ends(4, &["too many requests", "status 429"]);
    server_errors_for_ever: Faults("500@4+") => Ends(4, &["server error", "status 500"]);
    service_unavailable_for_ever: Faults("503:7@4+") => Ends(4, &["server busy", "status 503"]);
    html_for_ever: Faults("html@4+") => Ends(4, &["was not answered with JSON", "text/html", "Sign in"]);
    json_errors_for_ever: Faults("json-error@4+") => Ends(4, &["unexpected answer", "Internal error"]);
    empty_bodies_for_ever: Faults("empty@4+") => Ends(4, &["empty answer"]);
    connections_closed_for_ever: Faults("closed@4+") => Ends(4, &["connection lost before an answer"]);
    connections_reset_for_ever: Faults("reset@4+") => Ends(4, &["connection lost before an answer"]);
    truncated_bodies_for_ever: Faults("truncated@4+") => Ends(4, &["answer broke off"]);
    bodies_cut_without_content_length_for_ever: Faults("cut@4+") => Ends(4, &["(status 200)"]);
    damaged_gzip_for_ever: Faults("gzip-damaged@4+") => Ends(4, &["answer ", "(status 200)"]);
    nothing_but_errors_from_the_start: Faults("500@1+") => Ends(4, &["server error", "status 500"]);
    key_revoked_in_mid_run: Faults("401@4+") => Ends(3, &["credentials are not accepted", "status 401"]);
    access_taken_away_in_mid_run: Faults("403@4+") => Ends(3, &["the API is not enabled", "status 403"]);
}

// One answer fails in a way that is not retried.
table! { [ordered unordered single numbered companies]
    gzip_bomb: Faults("bomb@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    body_of_a_gibibyte: Faults("huge@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    redirect_to_another_origin: Faults("redirect@4") => Ends(2, &["points to https://elsewhere.invalid"]);
}

// Status 400. For a target group the list is incomplete; for a company it is a reject (see `outside::refused`);
// anything else ends the run.
table! { [ordered numbered]
    request_refused: Faults("400@4") => Ends(2, &["was refused (status 400)"]);
}
table! { [unordered single]
    request_about_a_target_group_refused: Faults("400@4") => Incomplete("was refused (status 400)");
}

// Status 404, inside a list, for a whole list, and for the list of a target group.
table! { [ordered unordered numbered]
    not_found_inside_the_list: Faults("404@4") => Equal;
}
table! { [ordered]
    no_such_list: Faults("404@2") => Ends(4, &["the server answered 404 Not Found"]);
}
table! { [single numbered]
    no_such_list_at_the_first_request: Faults("404@1") => Ends(4, &["the server answered 404 Not Found"]);
}
table! { [unordered single]
    target_group_that_is_gone: Faults("404@2") => Incomplete("the server no longer knows the target group (404)");
}

// The server answers properly, but not the request that was made, or the list changes while it is read.
table! { [ordered unordered numbered]
    duplicate_page: Switches(&["repeat-page=3"], |log| log.again) => Equal;
    total_grows: Switches(&["total-late=3:5"], |log| log.again) => Incomplete("the server's total is {more}, {rows} ");
}
table! { [ordered unordered]
    clamped_page: Switches(&["limit-max={clamp}"], |log| log.pages.iter().all(|rows| *rows <= log.full * 37 / 100)) => Equal;
    clamped_later: Switches(&["clamp-late=3:{clamp}"], |log| log.pages.contains(&log.full) && log.pages.contains(&(log.full * 37 / 100))) => Equal;
    short_pages: Switches(&["short-page=2"], |log| log.pages.contains(&(log.full - 1))) => Equal;
    limit_ignored: Switches(&["limit-ignored=true"], |log| log.pages.iter().all(|rows| *rows > log.full)) => Equal;
    row_inserted_between_pages: Switches(&["insert-after=3"], |log| log.pages.len() > 3) => Equal;
    row_deleted_between_pages: Switches(&["delete-after=3"], |log| log.pages.len() > 3) => Equal;
    row_deleted_and_another_inserted: Switches(&["delete-after=3", "insert-after=3"], |log| log.pages.len() > 3) => Throughout;
    rows_reordered_between_pages: Switches(&["reorder-after=3"], |log| log.pages.len() > 3) => Equal;
    body_that_looks_whole_behind_a_record: Switches(&["envelope=results", "fault=cut@3"], |log| log.faults == ["cut"]) => Equal;
}
table! { [ordered unordered]
    // Each body looks complete, but none can be parsed: the fault is not in a record.
    bodies_that_look_whole_cut_for_ever: Switches(&["envelope=results", "fault=cut@4+"], |log| log.plays("cut")) => Ends(4, &[]);
}
table! { [ordered]
    // Two other readings outvote it.
    total_shrinks: Switches(&["total-late=3:-5"], |log| log.again) => Equal;
    order_ignored: Switches(&["order=ignored"], |log| !log.pages.is_empty()) => Equal;
    order_different_with_every_request: Switches(&["order=shuffled"], |log| log.pages.len() > 10) => Equal;
    order_reversed: Switches(&["order=conventional"], |log| !log.pages.is_empty()) => Equal;
}
table! { [unordered]
    members_in_another_order_with_every_request: Switches(&["member-order=shuffled"], |log| log.again) => Equal;
}
// Where no seams show that the pages join, nothing outvotes a total. A numbered page cannot be requested from a given
// row on, so it has no seam.
table! { [unordered numbered]
    total_shrinks_and_nothing_outvotes_it: Switches(&["total-late=3:-5"], |log| log.again) => Incomplete("the server's total is {fewer}, {rows} ");
}
table! { [numbered]
    // Read again with the page size that the server gives.
    clamped_numbered_page: Switches(&["limit-max={clamp}"], |log| log.pages.iter().all(|rows| *rows <= log.full * 37 / 100)) => Equal;
    short_numbered_pages: Switches(&["short-page=2"], |log| log.pages.contains(&(log.full - 1))) => Incomplete("the server's total is {rows}, ");
    page_number_ignored: Switches(&["limit-ignored=true"], |log| log.pages.iter().all(|rows| *rows > log.full)) => Equal;
    links_that_lead_elsewhere: Switches(&["next-page=elsewhere"], |log| log.pages.len() > 3) => Equal;
    links_behind_the_last_page: Switches(&["next-page=always"], |log| log.pages.len() > 3) => Equal;
}
