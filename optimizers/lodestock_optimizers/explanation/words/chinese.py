"""The sentences in Chinese, in simplified characters."""

from __future__ import annotations

MONEY = {"USD": "{} 美元", "million": "{} 百万美元", "billion": "{} 十亿美元"}
UNITS = {
    "t": ("{} 吨", "一吨"),
    "USD": ("{} 美元", "一美元"),
    "days": ("{} 天", "一天"),
    "share": ("{}（占比）", "一整份占比"),
}
ANY_UNIT = ("{} {}", "一单位 {}")
CAUSES = {
    "unit_price_usd_per_tonne": "{subject} 的价格",
    "tariff_rate": "{subject} 的关税",
    "freight_usd_per_tonne": "{subject} 的运费",
    "spot_premium": "{subject} 的现货溢价",
    "reservation_fee_usd_per_tonne": "{subject} 的预留费",
    "fixed_cost_usd": "{subject} 的固定成本",
    "risk": "{subject} 的供应风险计费",
    "price_usd_per_unit": "足迹 {subject} 的价格",
    "holding_usd_per_tonne_year": "{subject} 的库存持有",
    "floor_shortfall_usd_per_tonne_year": "{subject} 库存低于下限",
    "closing_shortfall_usd_per_tonne": "{subject} 期末库存不足",
    "disposal_usd_per_tonne": "{subject} 的处置",
    "shortage_cost_usd_per_tonne": "{subject} 在{tier}需求层级的短缺",
    "cost_usd_per_tonne": "替代 {subject}",
}
LIMITS = {
    "quota": "配额 {subject}",
    "share_cap": "{material} 中 {country} 份额的上限 {subject}",
    "share_floor": "{material} 的份额下限 {subject}",
    "stock_floor": "{material} 的库存下限",
    "closing_stock": "{material} 的期末库存",
    "storage": "{material} 的仓储容量",
    "stock_in": "{material} 的入库上限",
    "stock_out": "{material} 的出库上限",
    "budget": "预算",
    "reserves": "{subject} 的储量",
    "spot_capacity": "{subject} 的现货供应量",
    "capacity": "{subject} 的产能",
    "embargo": "禁运 {subject}",
    "footprint_cap": "足迹 {subject} 的上限",
    "book": "{subject} 已签的合同量",
    "min_order": "{subject} 的最低订货量",
}
TIERS = {"DEFENCE": "国防", "ESSENTIAL": "必需", "GENERAL": "一般"}
IN_PERIOD = "{period} 期的{named}"
QUANTITIES = {
    "deliveries": "{country} 的 {material} 预期交付量",
    "contracts_now": "期初与 {subject} 签订的合同量",
    "peak_stock": "{material} 的最高库存",
}
PARTS = {
    "limits": "各项限制",
    "why_not": "供应商",
    "firm_quantities": "数量的稳固程度",
    "value_of_perfect_information_usd": "预知未来的价值",
}
SENTENCES = {
    "cost": "该计划的预期成本为 {cost}（折现至期初）；计入风险计费后，用于选择的总额为 {objective}。",
    "cause": "其中 {cost} 来自{cause}。",
    "more": "{limit}每增加{unit}，可节省 {worth}。",
    "less": "{limit}每减少{unit}，可节省 {worth}。",
    "lift": "取消{limit}可节省 {worth}。",
    "between": "此值在 {least} 至 {most} 之间成立；现值为 {value}。",
    "from": "此值在 {least} 以上成立；现值为 {value}。",
    "up_to": "此值在 {most} 以下成立；现值为 {value}。",
    "always": "此值在任何取值下均成立。",
    "beside": "放宽第一个单位可节省 {relief}，收紧第一个单位则多花 {tightening}。",
    "beside_none": "放宽第一个单位可节省 {relief}；再收紧则无可行计划。",
    "forced": "从 {subject} 多购 {tonnes}，成本将增加 {cost}。",
    "impossible": "在现有规则下，无法从 {subject} 多购 {tonnes}。",
    "break_even": "{period} 期，{subject} 的报价为每吨 {price}，降至 {break_even} 时才会被采购。",
    "firm": "成本最多增加 {increase} % 时，{quantity}可在 {least} 至 {most} 之间；计划中为 {tonnes}。",
    "knowing": "若从一开始就预知未来，可节省 {cost}。",
    "knowing_costs": "若从一开始就预知未来，反而多花 {cost}：知情者签订的合同须受规则约束。",
    "held": "以上数字均以整体签订与否的合同保持不变为前提。",
    "left_out": "时间不足，未能给出：{parts}。",
    "none": "没有计划：时间已到，或调用方已停止。",
    "infeasible": "没有可行计划：规则相互矛盾。",
    "conflict": "以下各项无法同时满足：{limits}。",
    "relaxation": "若{limit}由 {required} 放宽至 {reachable}，即有可行计划。",
}
JOINT = "、"
