//! Thirteen productions that nobody has ever seen.

use super::DemoProduction;

/// What the demo house plays.
pub const PRODUCTIONS: [DemoProduction; 13] = [
    DemoProduction {
        key: "low-water",
        title: "Low Water",
        subtitle: "A play in two tides",
        kind: "theatre",
        genre: "Drama",
        language: "en",
        summary: "Two sisters, one ferry, and the house that both of them have sold.",
        description: "Twice a day the road to the island lies open. On the last morning of a wet October, Nell and Orla meet \
            on it from opposite sides: each has sold their mother's house, and each to somebody else.\n\n\
            Maeve Corrigan's new play needs two actors, a kitchen table and seven hours of weather. It is a comedy about \
            property until the water turns, and then it is about who stayed.\n\n\
            The stage floods slowly during the second half. Nobody in the front rows has got wet so far.",
        duration_min: 135,
        age_min: Some(12),
        credits: &[
            ("Author", "Maeve Corrigan"),
            ("Director", "Tobias Lindqvist"),
            ("Nell", "Aoife Brannock"),
            ("Orla", "Sinéad Harrowgate"),
        ],
        poster_seed: 4,
        venue: "lantern",
        tariff: 100,
    },
    DemoProduction {
        key: "salt-and-feather",
        title: "Salt & Feather",
        subtitle: "New choreography by Inês Valadão",
        kind: "dance",
        genre: "Contemporary dance",
        language: "",
        summary: "Eleven dancers, four hundred kilos of salt, and the lightness that comes of carrying something together.",
        description: "Eleven dancers carry a floor of salt from one side of the stage to the other. It takes an hour, and when \
            it is done they carry it back.\n\n\
            Inês Valadão made the piece with people who work in the salt pans of Aveiro. What they do with their backs and \
            wrists became its vocabulary; what they sing became its score, played live by three cellos.",
        duration_min: 75,
        age_min: None,
        credits: &[("Choreography", "Inês Valadão"), ("Music", "Kristof Amsel"), ("Light", "Dorte Hvidberg")],
        poster_seed: 38,
        venue: "lantern",
        tariff: 85,
    },
    DemoProduction {
        key: "the-glass-orchard",
        title: "The Glass Orchard",
        subtitle: "A family in four seasons",
        kind: "theatre",
        genre: "Tragicomedy",
        language: "en",
        summary: "The greenhouse is all that is left of the estate, and everybody who ever loved it comes for the auction.",
        description: "In spring they count the panes. In summer they stop speaking to the cousin from the bank. By autumn there \
            is a buyer, and in winter somebody leaves the stove burning on purpose.\n\n\
            A large cast, a small orchard and a set of two thousand panes: Bram Osterhoud's family chronicle comes to the \
            main stage after two sold-out winters on tour.",
        duration_min: 165,
        age_min: Some(10),
        credits: &[
            ("Author", "Bram Osterhoud"),
            ("Director", "Philippa Quayle"),
            ("Set", "Ines Marrow"),
            ("Costumes", "Jonas Adeyinka"),
        ],
        poster_seed: 3,
        venue: "lantern",
        tariff: 110,
    },
    DemoProduction {
        key: "mothwing",
        title: "Mothwing",
        subtitle: "A musical for insomniacs",
        kind: "opera",
        genre: "Musical",
        language: "en",
        summary: "Between two and five in the morning a city belongs to bakers, nurses, and people who can't sleep.",
        description: "Ada drives the night bus. In the course of one route and nineteen songs she carries a midwife, a thief, a \
            retired astronomer, and a man who got on in 1987.\n\n\
            Kit Farrow's score was written for an orchestra of eight and a bus engine. There is an interval at the depot.",
        duration_min: 150,
        age_min: Some(8),
        credits: &[("Music and lyrics", "Kit Farrow"), ("Book", "Yewande Sorrel"), ("Ada", "Clodagh Penrose")],
        poster_seed: 16,
        venue: "lantern",
        tariff: 120,
    },
    DemoProduction {
        key: "nine-rooms",
        title: "Nine Rooms for Strings",
        subtitle: "The Aurelia Quartet",
        kind: "concert",
        genre: "Chamber music",
        language: "",
        summary: "Nine short quartets by nine living composers, each written for one room of a house.",
        description: "A pantry, a stairwell, a nursery at noon: the Aurelia Quartet asked nine composers to choose a room and \
            write what it sounds like when nobody is in.\n\n\
            The players sit in the middle of the floor, with the audience standing around them or seated above. Between \
            the rooms there is time to walk about.",
        duration_min: 95,
        age_min: None,
        credits: &[
            ("Violin", "Mirela Dragan"),
            ("Violin", "Otto Feldmark"),
            ("Viola", "Sunniva Aas"),
            ("Cello", "Pascal Etxeberria"),
        ],
        poster_seed: 30,
        venue: "nordhavn",
        tariff: 80,
    },
    DemoProduction {
        key: "the-cartographers-daughter",
        title: "The Cartographer’s Daughter",
        subtitle: "An opera in three acts",
        kind: "opera",
        genre: "Opera",
        language: "it",
        summary: "She draws an island that doesn't exist, and the fleet sails for it.",
        description: "Venice, in a year that the libretto declines to name. Old Baldassare is going blind, and his daughter \
            finishes his charts. When the money runs out she draws an island full of pepper, and signs it with his name.\n\n\
            Lucia Ferrante's opera, in concert with light and six tables of maps, brings back the cast of its first night. \
            Sung in Italian with English and Danish surtitles.\n\n\
            An introduction is given in the foyer, an hour before each performance.",
        duration_min: 180,
        age_min: Some(10),
        credits: &[
            ("Music", "Lucia Ferrante"),
            ("Conductor", "Halvard Munk"),
            ("Isabetta", "Noémie Castellane"),
            ("Baldassare", "Radu Ionesco-Vale"),
        ],
        poster_seed: 19,
        venue: "nordhavn",
        tariff: 125,
    },
    DemoProduction {
        key: "harbour-lights",
        title: "Harbour Lights",
        subtitle: "The Nordhavn Big Band plays the evening shift",
        kind: "concert",
        genre: "Jazz",
        language: "",
        summary: "Seventeen players, one siren, and the floor cleared for dancing.",
        description: "Once a year the harbour's own big band takes the chairs out, opens the floor and plays what the crane \
            drivers ask for. Requests are taken by signal flag until six.\n\n\
            The second set belongs to the dancers. Whoever doesn't dance is welcome on the terraces, from where it looks \
            even better.",
        duration_min: 140,
        age_min: None,
        credits: &[("Leader", "Bodil Kragh"), ("Voice", "Marcus Tallow"), ("Trumpet", "Eun-ji Harrow")],
        poster_seed: 4,
        venue: "nordhavn",
        tariff: 75,
    },
    DemoProduction {
        key: "midwinter-mass",
        title: "Midwinter Mass",
        subtitle: "For choir, organ and four hundred lamps",
        kind: "concert",
        genre: "Choral",
        language: "la",
        summary: "The hall goes dark at the Kyrie, and is lit from the choir stalls outward.",
        description: "The choir enters without light. With each movement a row of lamps is handed down from the stalls behind \
            the platform, until at the end the whole hall holds one.\n\n\
            Music by four centuries of composers, put in order by Sigrid Thorn. Please bring no lamp of your own.",
        duration_min: 85,
        age_min: Some(6),
        credits: &[("Conductor", "Sigrid Thorn"), ("Organ", "Emeric Vass"), ("Choir", "Nordhavn Kammerkor")],
        poster_seed: 64,
        venue: "nordhavn",
        tariff: 90,
    },
    DemoProduction {
        key: "the-long-north",
        title: "The Long North",
        subtitle: "Saga Winther and band",
        kind: "concert",
        genre: "Folk",
        language: "da",
        summary: "Songs from eleven winters on a lighthouse ship, for the first time on land.",
        description: "For eleven winters Saga Winther kept a light on the Kattegat and wrote one song a month. A recording made \
            on board with a coffee tin for a drum went around the world; she heard of it in spring.\n\n\
            This is her first tour, with five musicians, a pump organ and the tin. Two evenings only.",
        duration_min: 120,
        age_min: None,
        credits: &[
            ("Voice and pump organ", "Saga Winther"),
            ("Hardanger fiddle", "Leif Storhaug"),
            ("Tin", "Petra Volkova-Lund"),
        ],
        poster_seed: 19,
        venue: "nordhavn",
        tariff: 115,
    },
    DemoProduction {
        key: "the-bear-who-mislaid-winter",
        title: "The Bear Who Mislaid Winter",
        subtitle: "For everybody over four",
        kind: "family",
        genre: "Puppetry",
        language: "pt",
        summary: "He put it down somewhere in October. Now it is nearly Christmas and nothing has fallen.",
        description: "The bear has looked under the bed, behind the waterfall and in the owl. The owl is not pleased. What \
            becomes of a winter that nobody can find, and does it melt?\n\n\
            Puppets of wool and driftwood, a great deal of paper snow, and afterwards everybody may help to sweep it up.",
        duration_min: 55,
        age_min: Some(4),
        credits: &[
            ("Puppets", "Rosa Quintela"),
            ("Bear", "Duarte Mendonça"),
            ("Owl, waterfall, snow", "Filipa Arroyo"),
        ],
        poster_seed: 20,
        venue: "forno",
        tariff: 60,
    },
    DemoProduction {
        key: "perfectly-fine",
        title: "Perfectly Fine, Thank You",
        subtitle: "Stand-up, sitting down",
        kind: "comedy",
        genre: "Stand-up",
        language: "en",
        summary: "An hour of complaints by a man who has nothing to complain about.",
        description: "Gilbert Okonjo-Reed has a lovely flat, a patient wife and all his teeth. He would like to speak to \
            somebody about it.\n\n\
            Late, at café tables, with the bar open. Those in the front row are not spoken to; he finds it rude.",
        duration_min: 70,
        age_min: Some(16),
        credits: &[("Written and performed by", "Gilbert Okonjo-Reed")],
        poster_seed: 26,
        venue: "forno",
        tariff: 90,
    },
    DemoProduction {
        key: "paper-boats",
        title: "Paper Boats",
        subtitle: "A monologue with forty letters",
        kind: "theatre",
        genre: "Monologue",
        language: "pt",
        summary: "A postman keeps every letter that he couldn't deliver, and tonight he reads them out.",
        description: "Forty letters to addresses that no longer exist. Each evening the audience draws twelve of them, so no two \
            evenings are the same, and some letters have not been opened yet.\n\n\
            Performed in Portuguese. A printed translation of all forty lies on every chair and may be kept.",
        duration_min: 80,
        age_min: Some(12),
        credits: &[("Author", "Teresa Lobato"), ("Postman", "Anselmo Rebelo"), ("Director", "Hanne Vogt")],
        poster_seed: 1,
        venue: "forno",
        tariff: 100,
    },
    DemoProduction {
        key: "tinfoil-trio",
        title: "Tinfoil Trio",
        subtitle: "Late music on small instruments",
        kind: "concert",
        genre: "Improvised music",
        language: "",
        summary: "Toy piano, musical saw, and whatever is in the kitchen of the studio that night.",
        description: "Once a month the Tinfoil Trio comes in through the back door, opens the cupboards and plays what it finds. \
            Nothing is rehearsed, though some of it has been washed.\n\n\
            The set lasts until the kettle boils for the second time.",
        duration_min: 60,
        age_min: None,
        credits: &[("Toy piano", "Benedita Faro"), ("Saw", "Ulrich Pemberly"), ("Kitchen", "Zofia Marchetti")],
        poster_seed: 6,
        venue: "forno",
        tariff: 70,
    },
];
