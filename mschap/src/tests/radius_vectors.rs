//! Bytes of real RADIUS packets.

/// A request, and what a server answered: secret, password, challenge-hashed name, packets, keys.
pub(super) struct Exchange {
    pub(super) version: u8,
    pub(super) secret: &'static str,
    pub(super) name: &'static str,
    pub(super) password: &'static str,
    pub(super) request: &'static str,
    pub(super) reply: &'static str,
    /// Version 1: LM-Key and NT-Key, and the 128-bit start key. Version 2: Send-Key and Recv-Key.
    pub(super) keys: [&'static str; 2],
    pub(super) start_key: Option<&'static str>,
    pub(super) policy: u32,
    pub(super) types: u32,
}

/// Five requests to FreeRADIUS 3.2.1.
pub(super) const SERVER: [Exchange; 5] = [
    Exchange {
        version: 1,
        secret: concat!(
            "4f6d2855706e2f2b5e7c2a44342b72364a2b7073674e68323b747c53437331725a4d4c533e4b2f787855286978694c2d456e",
            "52395a79305640712f6f3546652e795447",
        ),
        name: "376470667679",
        password: "-2",
        request: concat!(
            "0122006ca1485e17a1615fb6fc851674f38d58ce01083764706676791a10000001370b0a25c7cbf2027bc30f1a3a00000137",
            "01342e01000000000000000000000000000000000000000000000000b08f77ae6c96b6b99041a68f37d7cf029a759c8777b4",
            "94fa04067f000001",
        ),
        reply: concat!(
            "0222005467dedb689acc6fe8689a0b0dbb11f8bd1a28000001370c2260be9107bdb741efec14b57c4c33c81d25707ecdbe91",
            "f14f69c0ec8a3581d7371a0c000001370706000000021a0c00000137080600000004",
        ),
        keys: ["0000000000000000", "0297cb5e8b7dfb89880038a87b124ee5"],
        start_key: Some("2f266d5c71641ea2f67aa1bdc1c25013"),
        policy: 2,
        types: 4,
    },
    Exchange {
        version: 2,
        secret: "613c332a6d2a5b",
        name: "6f647569756d",
        password: "<g",
        request: concat!(
            "015100743a787970b4bd6fe091a0f5bb027deb0a01086f647569756d1a18000001370b1230e58537bcb9b4356448e9fbb70f",
            "2f3e1a3a0000013719345900dd276ad3264d9b416ca705d7bb682719000000000000000074b05a3331041d711428ffe202e9",
            "3a48882a4550bd7139fb04067f000001",
        ),
        reply: concat!(
            "025100b34a2d76fa717ef80aa1ee11f467090cb71a33000001371a2d59533d30464243414145334444384641453630453141",
            "3339383944343330324346424535334632424145311a2a00000137112481edf8b1d22e427edcc0986275c15d4de03d2c29d3",
            "53a21af9a628fa1de2085128631a2a0000013710248ab446ed58945ace7acceb88be41ee339936002db965e7f207b328907f",
            "c2b0e9ab101a0c000001370706000000021a0c00000137080600000004",
        ),
        keys: ["bc495168652e52f29b235b0e513017ef", "970552dc8db300e204bc0b83ad3a33ce"],
        start_key: None,
        policy: 2,
        types: 4,
    },
    Exchange {
        version: 2,
        secret: "6670794d333f2f6f703f466d396b64586c4d71614338376a386778675935585438793761594e",
        name: "30646f736e37706e72",
        password: "dS.kTky6JDKk)",
        request: concat!(
            "0179007773f931bfa8360952aa1084b45f3b4f59010b30646f736e37706e721a18000001370b12b8d90c5994c0c26dfbac1d",
            "f348a7cbed1a3a000001371934d800f3151d412ce5fda5f668b5524d6c4d32000000000000000077c9bd008fbcb56bab169d",
            "b60ccad6c335cf58fe1b2799f204067f000001",
        ),
        reply: concat!(
            "027900b3d34b2ffeeb361f185c333d8f3ef95b081a33000001371a2dd8533d34304139453038364337303438314436354343",
            "3838363531393634323532393545344641424536431a2a000001371124936426bf1edac92d0719ee509a51c09f9da10d1c6a",
            "b6da47c0b1afdf06c2ec021ba01a2a0000013710249a5504a870b94dcba6c21cc8839e2e2549a788bc44388770a2e01d93bc",
            "ece4c6091f1a0c000001370706000000021a0c00000137080600000004",
        ),
        keys: ["59a82e745f18d6a8dabd12a91b98945f", "4a08ce4c33becbd6419340372793daf3"],
        start_key: None,
        policy: 2,
        types: 4,
    },
    Exchange {
        version: 1,
        secret: "7629646a53655a53566c486d62774a2d646a686d595d675a51485f5a2d655e41",
        name: "313235666174716f69",
        password: "m!!/E@AzJlZNB@W*Co].8^V3dq7e-",
        request: concat!(
            "0129006f5c3830e2491100a42ce91342d8e9bbb8010b313235666174716f691a10000001370b0a4cc48decd911104a1a3a00",
            "0001370134c901000000000000000000000000000000000000000000000000f68c9ab8ff6041f2d0fa814c9e5dd1ab7e976f",
            "655bc8653d04067f000001",
        ),
        reply: concat!(
            "02290054d10ed06141b5db089ae560dc032833b91a28000001370c222efeb3cd66994f52e74cf23b43b625d6c3618df94622",
            "a6dea64e1f22217da3d81a0c000001370706000000021a0c00000137080600000004",
        ),
        keys: ["0000000000000000", "0e479e9b7e653c337ea81f1d09500483"],
        start_key: Some("8e86d5748c758f4a1880e8641fce10b6"),
        policy: 2,
        types: 4,
    },
    Exchange {
        version: 2,
        secret: concat!(
            "624c2a2d412863734d433959295429382b5b4e592b5a764b7c6b4b46435279513330704d62453e2b71393b5b576468594131",
            "716a353a74546b2b545e51472b784166307a5e57384d6353647e44694c",
        ),
        name: "434144484647465c376672727a686a7731",
        password: "n||W8tpp-&Yoc]",
        request: concat!(
            "0172007fbea9ad9bcb6daf269fa57256f1c0e3d80113434144484647465c376672727a686a77311a18000001370b125dd26f",
            "8ea74e44fe72f96a341d1fe5c71a3a0000013719345200fc964e740287205745e9cdbf1ab6b3ac000000000000000038c2a2",
            "4c6f6d641afe48fb116b40b60c358374d9fc369ee304067f000001",
        ),
        reply: concat!(
            "027200b30d26cb5501214d2649c699ad19ac76d31a33000001371a2d52533d44464531454142384643423633373033444433",
            "4234334242354635314331353330423646343638321a2a000001371124a2d0083b7b46ed59b24b81e3a3bff35141e5a78336",
            "944ca68702940095172fc979e81a2a000001371024af9be97a698d314c6a2fc59a46c74f977f3bb14f1b87302573cf83cd27",
            "26d5c87bda1a0c000001370706000000021a0c00000137080600000004",
        ),
        keys: ["485176c1ceea58b59e61d437198eafef", "edb9688df507bc312b46268606c10d66"],
        start_key: None,
        policy: 2,
        types: 4,
    },
];

/// Four exchanges out of openwall/john-samples, Radius/radius-sample-5.pcap.
pub(super) const REAL: [Exchange; 4] = [
    Exchange {
        version: 1,
        secret: "694e4a37327230755058503571684158",
        name: "626f62",
        password: "ThisIsThePassword",
        request: concat!(
            "0116008d6e4f60763c5e22f5406e1e3bc79932860105626f625f120000000000000000000000000000000105060000000a50",
            "12b97a54fc08be753beff704f493f0d11c1a10000001370b0a9cfe6e183debe56d1a3a000001370134000100000000000000",
            "0000000000000000000000000000000000517e32e81fc99c2d05fc072ce33afe6eb5a01a782532c359",
        ),
        reply: concat!(
            "02160060788a984c129702448a9d665de2a0b1b5120c48656c6c6f2c20626f621a28000001370c22599456833f24252a2a00",
            "abd692adf84a9d9e2807e529a11d23f5cc80c6e830101a0c000001370706000000011a0c00000137080600000006",
        ),
        keys: ["0000000000000000", "1c2e158974b065d412b4456d6ebf7574"],
        start_key: Some("bc2a35aed15d015223bab19a4d079e6c"),
        policy: 1,
        types: 6,
    },
    Exchange {
        version: 1,
        secret: "694e4a37327230755058503571684158",
        name: "626f62",
        password: "ThisIsThePassword",
        request: concat!(
            "016600814727293d9bd3aeb231fb8a33438d59d90105626f6204067f00000105060000000a501248922953866144a33cf819",
            "3c0eeb206f1a10000001370b0a336bbd41fe6c4c2d1a3a000001370134000100000000000000000000000000000000000000",
            "00000000004ec1a471e0992133be0bed6a714beffd62802495e0e34a5f",
        ),
        reply: concat!(
            "026600608a84ae9412215d59e64cc3af64ea0de7120c48656c6c6f2c20626f621a28000001370c228862fd874563c24b81f4",
            "8c17c620d8085b2211738725b8211390d877ba2860bb1a0c000001370706000000011a0c00000137080600000006",
        ),
        keys: ["0000000000000000", "1c2e158974b065d412b4456d6ebf7574"],
        start_key: Some("6dcb4b30d826d4df4bc7c69e568632f1"),
        policy: 1,
        types: 6,
    },
    Exchange {
        version: 1,
        secret: "694e4a37327230755058503571684158",
        name: "626f62",
        password: "ThisIsThePassword",
        request: concat!(
            "0100006866bea62f4bf171dc5aa446aae188595720056667320105626f621a3a0000013701341201a3b96f360bb1a61fb78f",
            "753f6a56c96c77fba3aff71a1abd45985fe46541d9be2025ee9297fb4c10b49e92e478dca2261a10000001370b0ac293b23e",
            "9fdc93ef",
        ),
        reply: concat!(
            "020000602daab09add74e943d7d0577f524f5ac8120c48656c6c6f2c20626f621a28000001370c22d60e5543215af686faed",
            "6ec229f8648546d3e5815e07fe8c36c4d7e8fd3188e21a0c000001370706000000011a0c00000137080600000006",
        ),
        keys: ["0000000000000000", "1c2e158974b065d412b4456d6ebf7574"],
        start_key: Some("c4bbed8ba9586f31cb44890323feb674"),
        policy: 1,
        types: 6,
    },
    Exchange {
        version: 2,
        secret: "694e4a37327230755058503571684158",
        name: "626f62",
        password: "ThisIsThePassword",
        request: concat!(
            "01000070702dcedbd63107940526e60ff65a2e9520056667320105626f621a3a0000013719346200c2c10a4bd1bf1aac87b5",
            "c954e511eabb000000000000000079b3d36c66da8b5e9bda94780aa22036b447367f79b136b91a18000001370b1257c33d95",
            "483b4644021f8b633a6585ca",
        ),
        reply: concat!(
            "020000bfba3f53dcc782aa76a6e5e34d32cd1c15120c48656c6c6f2c20626f621a33000001371a2d62533d37414438353943",
            "4531424234324644444539464636363631334336333036463142314534304438411a2a00000137112486683d308bac2bbb74",
            "c784e2d4cb9776694aa31c46299dbd1e5bb754ce908b53c2001a2a0000013710248deff05ed32ce2af963ed69035ec222a9e",
            "da0df92704a503efecc66f8dafa38dac4b1a0c000001370706000000011a0c00000137080600000006",
        ),
        keys: ["21f8810c09a74e1c6a69efd5ff94cf07", "74b156159be8e96a896229ab7dab05af"],
        start_key: None,
        policy: 1,
        types: 6,
    },
];

/// Keys hidden by an implementation written from the RFC alone, and revealed by pyrad: secret, Request Authenticator,
/// two salted keys (salt, key, attribute), and MS-CHAP-MPPE-Keys (LM-Key, NT-Key, attribute).
pub(super) struct Hidden {
    pub(super) secret: &'static str,
    pub(super) request_authenticator: &'static str,
    pub(super) salted: [[&'static str; 3]; 2],
    pub(super) mppe_keys: [&'static str; 3],
}

pub(super) const HIDDEN: [Hidden; 5] = [
    Hidden {
        secret: "94be23b2b5123aebb37c1df60efff120f07dc9e72127326c30ae5b38bea408205548c9676fc5c147061ced5608bb3145",
        request_authenticator: "56d8559314690c1a9feb7a9c76bab26e",
        salted: [
            ["fe12", "7e03f7ad958ac930", "fe12a7ed4b000b26e6a7ce68bc1c65dd5aa4"],
            ["bca0", "2abc467683c239bc", "bca0b8b2fd8bd4276f51a60ce4aae69956ab"],
        ],
        mppe_keys: [
            "9600e0152f382268",
            "ba363759ecd8b34d5c7de9c892641c8b",
            "72ac508dd58930af947d2d57f1c1b6e35007813204c0915cbf2f3973ee9bb765",
        ],
    },
    Hidden {
        secret: "ed",
        request_authenticator: "48ac71fcb0d548e13cdb9743ab6c442f",
        salted: [
            [
                "de11",
                "161c9bc73fc059a66fe5230fa5b7d1b0",
                "de11449469a0e5400450f4f52f492997291357ce8f2cffae3879673e945916d70774",
            ],
            [
                "e688",
                "054b140a2dd4a41c404b9ada8e834bdd",
                "e688fcd19d3fc915abe8116fc61b031425723b93e26ceeaf0a67033671b9aadaf4e7",
            ],
        ],
        mppe_keys: [
            "18b230039b58fa61",
            "692e9045d067991a5d1ea16f6e2e4a99",
            "1006ef41a3f1a12a281aad8a795fbd6d6202c5377c9b9943ac26192b393a0d0d",
        ],
    },
    Hidden {
        secret: concat!(
            "db44df8aaa937bd797693e81834fc3922e15bad1a33a108373ec87a5c084b687a4dc70486f68c0ca9772ae7b339d44811122",
            "8a019519f37a014439e546ddb624ebf0af0f6a3c2b08c0b15f741e6b6a9407506bc2f72d1a754d229971d868e4fc574d659f",
            "15e0bd3d645bf1765c1e00e86c7d6230fe90401efd0eaee000e90c06",
        ),
        request_authenticator: "e27c7945fd16f73fc21e818d39d26aff",
        salted: [
            [
                "cff4",
                "d8a32eda01bb5b4a24dc10206c494c09ca1acf1f5ab83547b395956db1f9973f",
                "cff4338841f8118744d7bc2098099f88fde6340d8a60eb86714f75773eb278ec3033057057f54f0f743842365393eacc4d79",
            ],
            [
                "f5ad",
                "81d3239f8ba5f27a84dfd8dae46991d10eb3cae7a6405f420be9632aa1763757",
                "f5ad26cbd2e48e58b23dad521a51481725d84c178bbeb4e7f1a49a2525786993ebd6601deb845cd53f919341c8ffb53a93d8",
            ],
        ],
        mppe_keys: [
            "851838dc127c6590",
            "da14622f1c7212b7c01559de1686c910",
            "40d1885f75ab05271e10df9f5860a5012ce7dcc67690d13031ef5d8a0f12a5b6",
        ],
    },
    Hidden {
        secret: "f7cf893a83d5648f",
        request_authenticator: "79a7da4e2d3ae7dbdeb0fcb4a7605b2e",
        salted: [
            ["c760", "e670ed446bd0ef7c5c8018076b7c48", "c7604d1090951e120ce725cda010efe68ae9"],
            ["edb9", "b704eb005f7fbe0e01badddb18e775", "edb9445fee8805e0a5fb0049c983eb192f91"],
        ],
        mppe_keys: [
            "4627806a5bda12d0",
            "5588fd4eac897890c87f18b63a608bc5",
            "7a52326dd060c3cb2350a26da955c697a941c34680b6b6e85fe88c33fde4a49d",
        ],
    },
    Hidden {
        secret: "28fc907ebdce9dd85e0af79c3a73b5be5be0c435ad396048c9946ae041d2452eb40d8e0939bc5b52fdaf01b20ddc5195",
        request_authenticator: "977d93bcd3f02884486d8f23c6a015c2",
        salted: [
            [
                "dbc0",
                "b5a5daf71e3afe1ccaa53b9736582a0ab517bdef151d4068710e9e4c6f03a1",
                "dbc085df36e688a4e110fc83af5274298d913a10c9d91fa68144573d06b1f3c4c790",
            ],
            [
                "d330",
                "a7fa858dc8735f4b81f6a0505a3481fd8a0a15445cad49483e3e6c3f01d434",
                "d330affcdaa3527b2981b2203cca2992f1ec9fb4917cfc05d000037f860b2d89f3b3",
            ],
        ],
        mppe_keys: [
            "f4f921258c747817",
            "086a4448cc8db935c6edb93fa084f938",
            "1fdbd8b94b83447ad4761d815f02012c5f98c31d9e293979cf065917c0540db6",
        ],
    },
];
