//! The table: faults that the simulator plays. Request 1 is the count, 2 the first page, and 3 to 8 the other pages.

use super::Play::{Faults, Switches};
use super::Then::{Ends, Equal, Incomplete, Throughout};
use super::play;
use vainu_etl::simulator::Request;

/// Pages that were answered: what is to happen after the third has happened when there are more.
fn pages(log: &[Request]) -> usize {
    log.iter().filter(|request| request.rows.is_some()).count()
}

macro_rules! table {
    ($($name:ident: $what:expr => $then:expr;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            play($what, $then).await;
        })*
    };
}

// One answer goes wrong.
table! {
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
    body_that_trickles_one_byte_a_second: Faults("trickle@3") => Equal;
    body_that_stalls_in_the_middle: Faults("stall@3") => Equal;
    endless_hang: Faults("hang@3") => Equal;
    not_found_inside_the_list: Faults("404@4") => Equal;
    faults_on_the_count_and_on_the_first_page: Faults("503@1,reset@2,500@4,truncated@5") => Equal;
    every_first_attempt_fails: Faults("500@1,502@3,empty@5,cut@6,reset@7,204@8,html@9,closed@10") => Equal;
}

// Every answer from one on goes wrong.
table! {
    too_many_requests_for_ever: Faults("429:none@4+") => Ends(4, &["too many requests", "status 429"]);
    server_errors_for_ever: Faults("500@4+") => Ends(4, &["server error", "status 500"]);
    service_unavailable_for_ever: Faults("503:7@4+") => Ends(4, &["server busy", "status 503"]);
    html_for_ever: Faults("html@4+") => Ends(4, &["was not answered with JSON", "text/html", "Sign in"]);
    json_errors_for_ever: Faults("json-error@4+") => Ends(4, &["unexpected answer", "Internal error"]);
    empty_bodies_for_ever: Faults("empty@4+") => Ends(4, &["empty answer"]);
    connections_closed_for_ever: Faults("closed@4+") => Ends(4, &["connection lost before an answer"]);
    connections_reset_for_ever: Faults("reset@4+") => Ends(4, &["connection lost before an answer"]);
    truncated_bodies_for_ever: Faults("truncated@4+") => Ends(4, &["answer broke off"]);
    damaged_gzip_for_ever: Faults("gzip-damaged@4+") => Ends(4, &["answer damaged on its way"]);
    trickling_for_ever: Faults("trickle@4+") => Ends(4, &["no answer in time"]);
    hanging_for_ever: Faults("hang@4+") => Ends(4, &["no answer in time"]);
    nothing_but_errors_from_the_start: Faults("500@1+") => Ends(4, &["server error", "status 500"]);
    key_revoked_in_mid_run: Faults("401@4+") => Ends(3, &["credentials are not accepted", "status 401"]);
    access_taken_away_in_mid_run: Faults("403@4+") => Ends(3, &["the API is not enabled", "status 403"]);
}

// One answer that another attempt is not made for.
table! {
    gzip_bomb: Faults("bomb@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    body_of_a_gibibyte: Faults("huge@4") => Ends(4, &["more than 67108864 bytes", "status 200"]);
    request_refused: Faults("400@4") => Ends(2, &["was refused (status 400)"]);
    redirect_to_another_origin: Faults("redirect@4") => Ends(2, &["points to https://elsewhere.invalid"]);
    no_such_list: Faults("404@2") => Ends(4, &["the server answered 404 Not Found"]);
}

// The server answers properly, but not what it was asked, or the list does not stand still.
table! {
    duplicate_page: Switches(&["repeat-page=3"], |log| log.len() > 10) => Equal;
    clamped_page: Switches(&["limit-max=37"], |log| log.iter().all(|r| r.rows.is_none_or(|rows| rows <= 37))) => Equal;
    clamped_later: Switches(&["clamp-late=3:37"], |log| log.iter().any(|r| r.rows == Some(100)) && log.iter().any(|r| r.rows == Some(37))) => Equal;
    short_pages: Switches(&["short-page=2"], |log| log.iter().any(|r| r.rows == Some(99))) => Equal;
    limit_ignored: Switches(&["limit-ignored=true"], |log| log.iter().any(|r| r.rows == Some(600))) => Equal;
    total_shrinks: Switches(&["total-late=3:-5"], |log| log.len() > 10) => Equal;
    total_grows: Switches(&["total-late=3:5"], |log| log.len() > 10) => Incomplete("the server's total is 605, 600 rows were received");
    row_inserted_between_pages: Switches(&["insert-after=3"], |log| pages(log) > 3) => Equal;
    row_deleted_between_pages: Switches(&["delete-after=3"], |log| pages(log) > 3) => Equal;
    row_deleted_and_another_inserted: Switches(&["delete-after=3", "insert-after=3"], |log| pages(log) > 3) => Throughout;
    rows_reordered_between_pages: Switches(&["reorder-after=3"], |log| pages(log) > 3) => Equal;
    body_that_looks_whole_behind_a_record: Switches(&["envelope=results", "fault=cut@3"], |log| log[2].fault.as_deref() == Some("cut")) => Equal;
    order_ignored: Switches(&["order=ignored"], |log| log.iter().all(|r| r.fault.is_none())) => Equal;
    order_different_with_every_request: Switches(&["order=shuffled"], |log| log.len() > 10) => Equal;
    order_reversed: Switches(&["order=conventional"], |log| log.iter().all(|r| r.fault.is_none())) => Equal;
}
