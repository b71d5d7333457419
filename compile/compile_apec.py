"""The tables of the November of 2014: Beijing by day, its stations by day, cities of China by week."""

from pathlib import Path

import pandas as pd

from jingjinji.topics.november import archives

FIRST_WEEK, BAN_START, BAN_END, LAST_DAY = map(pd.Timestamp, ("2014-08-04", "2014-11-03", "2014-11-12", "2015-02-25"))
CONTROL_AREA = {
    "北京": "Beijing", "天津": "Tianjin", "保定": "Baoding", "沧州": "Cangzhou", "承德": "Chengde", "邯郸": "Handan",
    "衡水": "Hengshui", "廊坊": "Langfang", "秦皇岛": "Qinhuangdao", "石家庄": "Shijiazhuang", "唐山": "Tangshan",
    "邢台": "Xingtai", "张家口": "Zhangjiakou",
}  # fmt: skip
DONORS = {
    "Northeast": {
        "哈尔滨": "Harbin", "齐齐哈尔": "Qiqihar", "大庆": "Daqing", "牡丹江": "Mudanjiang", "长春": "Changchun",
        "吉林": "Jilin", "沈阳": "Shenyang", "鞍山": "Anshan", "抚顺": "Fushun", "本溪": "Benxi", "丹东": "Dandong",
    },
    "Northwest": {
        "西安": "Xi'an", "咸阳": "Xianyang", "宝鸡": "Baoji", "渭南": "Weinan", "铜川": "Tongchuan", "延安": "Yan'an",
        "兰州": "Lanzhou", "嘉峪关": "Jiayuguan", "金昌": "Jinchang", "西宁": "Xining", "银川": "Yinchuan",
        "石嘴山": "Shizuishan", "乌鲁木齐": "Urumqi", "克拉玛依": "Karamay", "库尔勒": "Korla",
    },
    "Southwest": {
        "成都": "Chengdu", "德阳": "Deyang", "绵阳": "Mianyang", "自贡": "Zigong", "泸州": "Luzhou", "宜宾": "Yibin",
        "南充": "Nanchong", "攀枝花": "Panzhihua", "重庆": "Chongqing", "贵阳": "Guiyang", "遵义": "Zunyi",
        "昆明": "Kunming", "曲靖": "Qujing", "玉溪": "Yuxi", "拉萨": "Lhasa",
    },
    "Yangtze": {
        "武汉": "Wuhan", "宜昌": "Yichang", "荆州": "Jingzhou", "长沙": "Changsha", "株洲": "Zhuzhou",
        "湘潭": "Xiangtan", "岳阳": "Yueyang", "常德": "Changde", "张家界": "Zhangjiajie", "南昌": "Nanchang",
        "九江": "Jiujiang", "上海": "Shanghai", "杭州": "Hangzhou", "宁波": "Ningbo", "嘉兴": "Jiaxing",
        "湖州": "Huzhou", "绍兴": "Shaoxing", "金华": "Jinhua", "衢州": "Quzhou", "舟山": "Zhoushan",
        "台州": "Taizhou", "丽水": "Lishui", "温州": "Wenzhou",
    },
    "South": {
        "福州": "Fuzhou", "厦门": "Xiamen", "泉州": "Quanzhou", "广州": "Guangzhou", "深圳": "Shenzhen",
        "珠海": "Zhuhai", "汕头": "Shantou", "韶关": "Shaoguan", "佛山": "Foshan", "江门": "Jiangmen",
        "湛江": "Zhanjiang", "茂名": "Maoming", "肇庆": "Zhaoqing", "惠州": "Huizhou", "梅州": "Meizhou",
        "东莞": "Dongguan", "中山": "Zhongshan", "清远": "Qingyuan", "南宁": "Nanning", "柳州": "Liuzhou",
        "桂林": "Guilin", "北海": "Beihai", "海口": "Haikou", "三亚": "Sanya",
    },
}  # fmt: skip


def beijing_day(airport: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """PM2.5 and weather of Beijing by local day: the embassy 2010 to 2014, twelve stations 2013 to 2017."""
    embassy = archives.local_days(archives.embassy_hours(airport), "embassy")
    return pd.concat([embassy, archives.local_days(archives.station_hours(stations), "stations")], ignore_index=True)


def city_weeks(research: Path) -> pd.DataFrame:
    """Means by week, and over the days of the ban, of the control area and of donors that miss no day."""
    days = pd.read_csv(research / "air/china_city_day_2014-08_2015-02_aqistudy.csv.gz", parse_dates=["date"])
    days = days.pivot(index="date", columns="city_zh", values="pm25").asfreq("D")
    days = days.loc[:, days.notna().all()]
    starts = [
        *pd.date_range(FIRST_WEEK, BAN_START - pd.Timedelta(days=7), freq="7D"),
        *(BAN_START, *pd.date_range(BAN_END + pd.Timedelta(days=1), LAST_DAY - pd.Timedelta(days=6), freq="7D")),
    ]
    ends = [*(start - pd.Timedelta(days=1) for start in starts[1:]), LAST_DAY]
    groups = {"Beijing-Tianjin-Hebei": CONTROL_AREA, **DONORS}
    rows = []
    for group, cities in groups.items():
        for chinese, city in cities.items():
            if chinese not in days:
                if group not in DONORS:
                    raise SystemExit(f"{city} of the control area misses days in the collected releases")
                continue
            for start, end in zip(starts, ends, strict=True):
                span = days.loc[start:end, chinese]
                rows.append((city, group, start.date(), end.date(), round(span.mean(), 1), len(span)))
    return pd.DataFrame(rows, columns=["city", "group", "start", "end", "pm25", "days"])
