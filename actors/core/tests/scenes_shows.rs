//! The show as a whole: its times, its states, its rules.

use crate::scene::{check, play_draft};

#[test]
fn the_sale_has_a_beginning_and_an_end() {
    check(
        "
        configure from=1h until=2h      -> configured
        tick 59m59s999ms
        hold H1 A-1                     -> refused not_on_sale at 1h
        hold H2 by=code A-2             -> held A-2 until 1h9m59s999ms
        hold H3 by=staff A-3            -> held A-3 until 1h9m59s999ms
        tick 1h
        hold H1 A-1                     -> held A-1 until 1h10m
        tick 1h59m59s999ms              -> lapsed H2, lapsed H3, lapsed H1
        hold H8 A-1                     -> held A-1 until 2h9m59s999ms
        hold H4 A-4
        hold H5 A-5
        hold H6 by=staff A-6
        tick 2h
        hold H7 B-1                     -> refused sales_ended
        hold H7 by=code B-1             -> refused sales_ended
        hold H7 by=staff B-1            -> held B-1 until 2h10m
        extend H8                       -> refused sales_ended          # longer is more
        tick 2h1m
        extend H6                       -> extended until 2h11m
        change H4 +B-2                  -> refused sales_ended
        change H4 +B-2 -A-4             -> refused sales_ended
        pay H8 O1                       -> paying by 2h11m              # but what is held may be paid
        book H8 B1 O1                   -> booked B1 A-1
        release H4                      -> released H4
        book H5 B5                      -> booked B5 A-5
    ",
    );
}

#[test]
fn a_pause_stops_the_clock_of_every_open_hold() {
    check(
        "
        hold H1 A-1                     -> held A-1 until 10m
        hold H2 A-2
        pay H2 O2                       -> paying by 10m
        tick 9m59s999ms
        pause back_soon                 -> paused
        pause back_soon                 -> nothing
        due                             -> never
        tick 3h                         -> nothing
        see H1                          -> open until 10m A-1
        hold H3 A-3                     -> refused sales_paused back_soon
        extend H1                       -> refused sales_paused back_soon
        change H1 +A-3                  -> refused sales_paused back_soon
        pay H1 O1                       -> refused sales_paused back_soon
        pay H2 O2                       -> the same again
        pause tomorrow                  -> paused                       # other words, the same pause
        state                           -> paused since 9m59s999ms tomorrow
        book H2 B2 O2                   -> booked B2 A-2                # money on its way
        resume                          -> resumed after 2h50m1ms
        resume                          -> nothing
        see H1                          -> open until 3h1ms A-1
        due                             -> 3h1ms
        tick 3h                         -> nothing
        tick 3h1ms                      -> lapsed H1
    ",
    );
}

#[test]
fn in_a_pause_one_may_give_back_and_a_shop_may_book() {
    check(
        "
        hold H1 A-1 A-2
        hold H2 A-3
        hold H3 A-4
        tick 1m
        pause
        change H1 -A-2                  -> changed -A-2
        release H2                      -> released H2
        book H3 B3                      -> booked B3 A-4
        cancel B3                       -> given back A-4
        block X1 B-1                    -> blocked B-1
        late H2 B4 O4 A-3               -> booked B4 A-3
        map                             -> habaaa xaaaaa
    ",
    );
}

#[test]
fn a_payment_given_up_in_a_pause_long_past_its_cap_ends_at_once() {
    check(
        "
        hold H1 A-1
        pay H1 O1
        tick 1h
        pause
        reopen H1 O1                    -> open until 1h                # the cap, a payment and a minute are past
        due                             -> 1h
        tick 1h                         -> lapsed H1
        due                             -> never
    ",
    );
}

#[test]
fn the_cap_moves_with_the_pause() {
    check(
        "
        hold H1 A-1                     -> held A-1 until 10m
        tick 5m
        pause                           -> paused
        tick 1h5m
        resume                          -> resumed after 1h
        see H1                          -> open until 1h10m A-1
        tick 1h9m
        extend H1                       -> extended until 1h19m
        tick 1h18m
        extend H1                       -> extended until 1h20m
        extend H1                       -> nothing
    ",
    );
}

#[test]
fn the_counter_goes_on_in_a_pause_and_its_time_stands_still_too() {
    check(
        "
        tick 5m
        pause                           -> paused
        tick 30m
        hold H1 by=staff A-1            -> held A-1 until 15m           # on the clock that stands at 5m
        tick 59m                        -> nothing
        extend H1                       -> nothing
        pay H1 O1                       -> paying by 1h9m
        reopen H1 O1                    -> open until 15m
        tick 1h5m
        resume                          -> resumed after 1h
        see H1                          -> open until 1h15m A-1
    ",
    );
}

#[test]
fn a_cancelled_show_sells_nothing_more() {
    check(
        "
        hold H1 A-1
        hold H2 A-2
        pay H2 O2
        hold H3 A-3
        book H3 B3
        cancelshow                      -> show cancelled
        cancelshow                      -> nothing
        hold H4 A-4                     -> refused sales_ended
        hold H4 by=staff A-4            -> refused sales_ended
        extend H1                       -> refused sales_ended
        change H1 +A-4                  -> refused sales_ended
        pay H1 O1                       -> refused sales_ended
        pay H2 O2                       -> the same again
        book H1 B1                      -> refused sales_ended
        book H2 B2 O2                   -> refused sales_ended
        book H3 B3                      -> the same again
        late H2 B2 O2 A-2               -> refused sales_ended
        endpay H2 O2                    -> payment ended H2
        cancel B3                       -> given back A-3
        tick 10m                        -> lapsed H1
        map                             -> aaaaaa aaaaaa
        publish                         -> refused wrong_state
        pause                           -> refused wrong_state
        resume                          -> refused wrong_state
        move                            -> refused wrong_state
        end                             -> refused wrong_state
    ",
    );
}

#[test]
fn cancelled_out_of_a_pause_the_holds_lapse_at_once() {
    check(
        "
        hold H1 A-1
        pause
        tick 1h                         -> nothing
        cancelshow                      -> show cancelled
        due                             -> 10m
        tick 1h                         -> lapsed H1
    ",
    );
}

#[test]
fn a_moved_show_is_published_again() {
    check(
        "
        move                            -> moved
        move                            -> nothing
        move new_date                   -> moved
        hold H1 A-1                     -> refused sales_ended
        pause                           -> refused wrong_state
        publish                         -> published
        publish                         -> nothing
        hold H1 A-1                     -> held A-1 until 10m
        end                             -> ended
        end                             -> nothing
        book H1 B1                      -> refused sales_ended
        publish                         -> refused wrong_state
        cancelshow                      -> refused wrong_state
        move                            -> refused wrong_state
    ",
    );
}

#[test]
fn a_draft_can_only_be_prepared() {
    play_draft(
        "
        state                           -> draft
        hold H1 A-1                     -> refused not_on_sale
        hold H1 by=staff A-1            -> refused not_on_sale
        pause                           -> refused wrong_state
        resume                          -> refused wrong_state
        move                            -> refused wrong_state
        end                             -> refused wrong_state
        late H1 B1 O1 A-1               -> refused not_on_sale
        publish                         -> published
        pause                           -> paused
        publish                         -> refused wrong_state          # resume it
        cancelshow                      -> show cancelled
    ",
    );
}

#[test]
fn settings_that_contradict_themselves_are_refused() {
    play_draft(
        "
        configure ttl=999ms             -> refused validation_failed a hold must live for at least a second
        configure ttl=1s extend=1s      -> configured
        configure ttl=1s extend=1s      -> nothing
        configure ttl=2s                -> refused validation_failed extend_max must not be shorter than hold_ttl
        configure pay=999ms             -> refused validation_failed a buyer must have at least a second to pay
        configure extend=745h           -> refused validation_failed a hold must not last longer than 31 days
        configure pay=744h extend=744h  -> configured
        configure places=0              -> refused validation_failed a hold must be allowed at least one place
        configure buyer_holds=0         -> refused validation_failed a buyer must be allowed at least one hold and one place
        configure buyer_places=0        -> refused validation_failed a buyer must be allowed at least one hold and one place
        configure from=2h until=2h      -> refused validation_failed the sale must begin before it ends
    ",
    );
}

#[test]
fn the_owner_of_a_hold_is_told_when_its_clock_stops_and_when_it_goes_on() {
    use aisle_core::{
        Channel, Command, HoldId, HoldSeats, Origin, SeatNo, Show, ShowId, StateChange, Timestamp, Touched, testing,
    };
    let mut show = Show::new(ShowId(uuid::Uuid::from_u128(1)), testing::hall(1, 4));
    let hold = HoldId(uuid::Uuid::from_u128(2));
    let mut turn = |at: i64, command: &Command| {
        let mut touched = Touched::default();
        for event in show.decide(Timestamp(at), command).unwrap() {
            show.apply(Timestamp(at), &event, &mut touched);
        }
        (touched.holds, show.hold(hold))
    };
    let pause = |words: &str| {
        Command::Change(StateChange::Pause { reason: String::new(), public_message: Some(words.to_owned()) })
    };
    turn(0, &Command::Change(StateChange::Publish));
    let origin = Origin { channel: Channel::Public, buyer: None, code: None };
    let (seats, areas) = (vec![SeatNo(0)], Vec::new());
    let wish = HoldSeats { hold, origin, seats, best: None, areas, allocation: None, request: None };
    let (_, held) = turn(0, &Command::Hold(wish));
    assert_eq!(held.unwrap().shift_ms(Timestamp(90)), 0);

    let (told, view) = turn(100, &pause("soon"));
    let view = view.unwrap();
    assert_eq!((told, view.still_since), (vec![hold], Some(Timestamp(100))));
    assert_eq!((view.shift_ms(Timestamp(100)), view.shift_ms(Timestamp(350))), (0, 250));
    let (told, view) = turn(200, &pause("later"));
    assert_eq!((told, view.unwrap().still_since), (vec![], Some(Timestamp(100))), "other words are not another pause");
    let (told, view) = turn(400, &Command::Change(StateChange::Resume));
    assert_eq!((told, view.unwrap().still_since), (vec![hold], None));

    turn(500, &pause("soon"));
    let (told, view) = turn(600, &Command::Change(StateChange::Move { reason: String::new(), public_message: None }));
    assert_eq!(
        (told, view.unwrap().still_since),
        (vec![hold], None),
        "it goes on when the pause ends in another way, too"
    );
}
